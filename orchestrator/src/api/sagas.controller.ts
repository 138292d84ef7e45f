import { OrderId, problems, SagaView } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Definitions } from '../sagas/definitions.js';
import { SagaReader } from '../storage/saga-reader.js';
import { viewOf } from './saga-view.js';

@ApiTags('sagas')
@Controller('sagas')
export class SagasController {
  constructor(
    private readonly reader: SagaReader,
    private readonly definitions: Definitions,
  ) {}

  @Get(':id')
  @ApiOperation({ summary: 'Where the saga of an order stands, and how each step went.' })
  @ApiOkResponse({ standardSchema: SagaView })
  @ApiResponse({ status: 404, description: 'SAGA_NOT_FOUND' })
  async show(@Param('id') segment: string): Promise<SagaView> {
    const id = OrderId.safeParse(segment);
    const saga = id.success ? await this.reader.find(id.data) : undefined;
    if (saga === undefined) throw new Problem(problems.SAGA_NOT_FOUND, 'no saga has started for this order');
    return viewOf(saga, this.definitions.of(saga));
  }
}

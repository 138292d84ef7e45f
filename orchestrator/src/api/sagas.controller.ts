import { OrderId, problems, SagaView } from '@ballast/contracts';
import { Problem } from '@ballast/platform';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SagaLookup } from './saga-lookup.js';

@ApiTags('sagas')
@Controller('sagas')
export class SagasController {
  constructor(private readonly lookup: SagaLookup) {}

  @Get(':id')
  @ApiOperation({ summary: 'Where the saga of an order stands, and how each step went.' })
  @ApiOkResponse({ standardSchema: SagaView })
  @ApiResponse({ status: 404, description: 'SAGA_NOT_FOUND' })
  async show(@Param('id') segment: string): Promise<SagaView> {
    const id = OrderId.safeParse(segment);
    const saga = id.success ? await this.lookup.find(id.data) : undefined;
    if (saga === undefined) throw new Problem(problems.SAGA_NOT_FOUND, 'no saga has started for this order');
    return saga;
  }
}

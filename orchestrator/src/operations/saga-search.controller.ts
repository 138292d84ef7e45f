import { OrderId, problems, SagaDetails, SagaPage, SagasQuery } from '@ballast/contracts';
import { Operations } from '@ballast/messaging';
import { Problem } from '@ballast/platform';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Definitions } from '../sagas/definitions.js';
import { SagaReader } from '../storage/saga-reader.js';
import { cursorAfter, orderOfCursor } from './cursor.js';
import { detailsOf, summaryOf } from './timeline.js';

/** What only looks. */
@ApiTags('operations')
@Controller('operations/sagas')
export class SagaSearchController {
  constructor(
    private readonly reader: SagaReader,
    private readonly operations: Operations,
    private readonly definitions: Definitions,
  ) {}

  @Get()
  @ApiOperation({
    summary:
      'Sagas by status, age, step, reason and order, newest first. A page may be shorter than its limit: the last one has no nextCursor.',
  })
  @ApiOkResponse({ standardSchema: SagaPage })
  async search(@Query({ schema: SagasQuery }) { limit, cursor, ...filter }: SagasQuery): Promise<SagaPage> {
    const after = cursor === undefined ? undefined : orderOfCursor(cursor);
    const [{ sagas, next }, parked] = await Promise.all([
      this.reader.page(filter, limit, after),
      this.reader.countParked(),
    ]);
    return {
      sagas: sagas.map(saga => summaryOf(saga, this.definitions.of(saga))),
      nextCursor: next === undefined ? null : cursorAfter(next),
      parked,
    };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Where a saga stands, and everything that happened to it, in the order of the log.',
  })
  @ApiOkResponse({ standardSchema: SagaDetails })
  @ApiResponse({ status: 404, description: 'SAGA_NOT_FOUND' })
  async show(@Param('id') segment: string): Promise<SagaDetails> {
    const id = OrderId.safeParse(segment).data;
    const record = id === undefined ? undefined : await this.reader.find(id);
    if (record === undefined)
      throw new Problem(problems.SAGA_NOT_FOUND, 'no saga has started for this order');
    const actions = await this.operations.actionsOn(record.orderId);
    return detailsOf(record, this.definitions.of(record), actions);
  }
}

import {
  ChoreographedAction,
  ChoreographedDetails,
  ChoreographedPage,
  ChoreographedQuery,
  OperationView,
  OperationWait,
  OrderId,
  orderOperatorCommands,
  problems,
  RetryChoreographed,
} from '@ballast/contracts';
import {
  OperationAnswers,
  type OperationReply,
  Operations,
  OperationsDesk,
  OperatorRoute,
  wishAttributes,
} from '@ballast/messaging';
import { placeOrderChoreographed } from '@ballast/place-order';
import { Problem } from '@ballast/platform';
import { Body, Controller, Get, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { cursorAfter, orderOfCursor } from '../api/cursor.js';
import type { RequestHeaders } from '../api/reply.js';
import { ChoreographedReader, type FoundOrder } from '../storage/choreographed-reader.js';
import { detailsOf, summaryOf } from './views.js';

/** Choreographed orders: nobody conducts them, and this service knows what everybody has announced. */
@ApiTags('operations')
@Controller('operations')
export class ChoreographedController {
  readonly #answers: OperationAnswers;

  constructor(
    private readonly reader: ChoreographedReader,
    private readonly operations: Operations,
    private readonly desk: OperationsDesk,
  ) {
    this.#answers = new OperationAnswers(desk);
  }

  @Get('orders')
  @ApiOperation({ summary: 'Choreographed orders by status, reason and id, newest first.' })
  @ApiOkResponse({ standardSchema: ChoreographedPage })
  async search(
    @Query({ schema: ChoreographedQuery }) { limit, cursor, order, ...filter }: ChoreographedQuery,
  ): Promise<ChoreographedPage> {
    const after = cursor === undefined ? undefined : orderOfCursor(cursor);
    const [{ orders, next }, parked] = await Promise.all([
      order === undefined ? this.reader.page(filter, limit, after) : this.#only(order),
      this.reader.countParked(),
    ]);
    return {
      orders: orders.map(found => summaryOf(found, placeOrderChoreographed)),
      nextCursor: next === undefined ? null : cursorAfter(next),
      parked,
    };
  }

  @Get('orders/:id')
  @ApiOperation({
    summary:
      'Where a choreographed order stands, and everything that was heard of it, in the order of the log.',
  })
  @ApiOkResponse({ standardSchema: ChoreographedDetails })
  @ApiResponse({ status: 404, description: 'ORDER_NOT_FOUND' })
  async show(@Param('id') segment: string): Promise<ChoreographedDetails> {
    const found = await this.#found(segment);
    const actions = await this.operations.actionsOn(found.progress.id);
    return detailsOf(found, placeOrderChoreographed, actions);
  }

  @Post('orders/:id/actions')
  @OperatorRoute(
    'order',
    'Acts on one order: everybody is asked to `retry` what waits, or to `resume` what was given up; `cancel` is decided by the payment.',
  )
  @ApiResponse({ status: 404, description: 'ORDER_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'OPERATION_REFUSED: `detail` says why.' })
  async act(
    @Param('id') segment: string,
    @Body({ schema: ChoreographedAction }) { action, ...data }: ChoreographedAction,
    @Query({ schema: OperationWait }) { wait }: OperationWait,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: OperationReply,
  ): Promise<OperationView> {
    const { progress } = await this.#found(segment);
    const command = orderOperatorCommands[action];
    const wish = { action, command, data, body: [progress.id, data], ...wishAttributes(headers) };
    const asked = await this.desk.ask(wish, () => Promise.resolve([progress.id]));
    return this.#answers.answerOne(asked, wait, reply);
  }

  @Post('retry')
  @OperatorRoute('order', 'Retries all orders that match, the oldest first, as after an outage.')
  async retryAll(
    @Body({ schema: RetryChoreographed }) body: RetryChoreographed,
    @Query({ schema: OperationWait }) { wait }: OperationWait,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: OperationReply,
  ): Promise<OperationView> {
    const { operator, reason, filter, limit } = body;
    const data = { operator, reason };
    const command = orderOperatorCommands.retry;
    const wish = { action: 'retry', command, data, body, ...wishAttributes(headers) } as const;
    const choose = () => this.reader.pick(filter.status, filter.reason ?? '', limit);
    return this.#answers.answer(await this.desk.ask(wish, choose), wait, reply);
  }

  @Get(':id')
  @ApiOperation({ summary: 'What an operator asked for, and what became of it, order by order.' })
  @ApiOkResponse({ standardSchema: OperationView })
  @ApiResponse({ status: 404, description: 'OPERATION_NOT_FOUND' })
  showOperation(@Param('id') segment: string): Promise<OperationView> {
    return this.#answers.view(OrderId.safeParse(segment).data, 0);
  }

  async #only(orderId: string) {
    const found = await this.reader.find(orderId);
    return { orders: found === undefined ? [] : [found], next: undefined };
  }

  async #found(segment: string): Promise<FoundOrder> {
    const id = OrderId.safeParse(segment).data;
    const found = id === undefined ? undefined : await this.reader.find(id);
    if (found !== undefined) return found;
    throw new Problem(problems.ORDER_NOT_FOUND, 'no choreographed order of this id was heard of');
  }
}

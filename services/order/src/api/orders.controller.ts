import {
  OrderPage,
  OrdersQuery,
  OrderStatusEvent,
  OrderStatusQuery,
  OrderStatusResult,
  OrderView,
  WaitQuery,
} from '@ballast/contracts';
import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Query,
  Res,
  Sse,
} from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Observable } from 'rxjs';
import { type Ending, OrderReader } from '../storage/order-reader.js';
import { OrderWatcher } from '../watching/order-watcher.js';
import { WaitingRoom } from '../watching/waiting-room.js';
import { cursorAfter, orderOfCursor } from './cursor.js';
import { endingsJson, orderJson, pageJson } from './order-json.js';
import { orderIdOf, OrderLookup } from './order-lookup.js';
import { json, type Reply } from './reply.js';
import { StatusStreams } from './status-streams.js';

/** What only looks: orders, one by one and in pages, and waits for their ends. */
@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(
    private readonly lookup: OrderLookup,
    private readonly reader: OrderReader,
    private readonly watcher: OrderWatcher,
    private readonly room: WaitingRoom,
    private readonly streams: StatusStreams,
  ) {}

  @Get()
  @Header(...json)
  @ApiOperation({
    summary: 'Orders, newest first. A page may be shorter than its limit: the last one has no nextCursor.',
  })
  @ApiOkResponse({ standardSchema: OrderPage })
  async list(@Query({ schema: OrdersQuery }) query: OrdersQuery): Promise<string> {
    const { status, customerId, limit, cursor } = query;
    const after = cursor === undefined ? undefined : orderOfCursor(cursor);
    const page = await this.reader.page({ status, customerId, limit, after });
    return pageJson(page.orders, page.next === undefined ? null : cursorAfter(page.next));
  }

  @Get(':id')
  @Header(...json)
  @ApiOperation({ summary: 'An order; with `wait`, as soon as it has ended, or after so many milliseconds.' })
  @ApiOkResponse({ standardSchema: OrderView })
  @ApiResponse({ status: 404, description: 'ORDER_NOT_FOUND' })
  async get(
    @Param('id') segment: string,
    @Query({ schema: WaitQuery }) { wait: waitMs }: WaitQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const id = orderIdOf(segment);
    const order = await this.lookup.find(id);
    if (order.status !== 'PENDING') return orderJson(order);
    const endings = await this.#endings([id], waitMs, reply);
    return orderJson(endings === undefined ? order : await this.lookup.find(id));
  }

  @Post('status')
  @HttpCode(200)
  @Header(...json)
  @ApiOperation({
    summary:
      'Which of these orders have ended; with `wait`, as soon as one has, or after so many milliseconds.',
  })
  @ApiOkResponse({ standardSchema: OrderStatusResult })
  async status(
    @Body({ schema: OrderStatusQuery }) { ids }: OrderStatusQuery,
    @Query({ schema: WaitQuery }) { wait: waitMs }: WaitQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    if (waitMs === 0) return endingsJson(await this.reader.loadEndings([...new Set(ids)]));
    return endingsJson((await this.#endings(ids, waitMs, reply)) ?? []);
  }

  @Sse(':id/events')
  @ApiOperation({
    summary:
      'The status now and each change of it, as server-sent events. Ends after COMPLETED or CANCELLED.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The id of the last event seen: an EventSource sends it when it comes back.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ standardSchema: OrderStatusEvent, description: 'The data of an event of type `status`.' })
  @ApiResponse({
    status: 204,
    description: 'Last-Event-ID is how the order has ended: nothing is left to come.',
  })
  @ApiResponse({ status: 404, description: 'ORDER_NOT_FOUND' })
  async events(
    @Param('id') segment: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Observable<MessageEvent>> {
    const order = await this.lookup.find(orderIdOf(segment));
    // An EventSource comes back when its stream ends, until it is answered 204 (HTML standard, 9.2.3).
    if (order.status !== 'PENDING' && order.status === lastEventId) reply.status(204);
    return this.streams.of(order);
  }

  #endings(ids: readonly string[], waitMs: number, reply: Reply): Promise<readonly Ending[] | undefined> {
    return this.room.wait({ seats: ids.length, waitMs, client: reply.raw }, handOver =>
      this.watcher.watch(ids, handOver),
    );
  }
}

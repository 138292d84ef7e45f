import {
  IdempotencyKey,
  OrderAccepted,
  OrderView,
  PlaceOrder,
  PlaceOrders,
  PlaceOrdersDescribed,
  PlaceOrdersResult,
  problems,
} from '@ballast/contracts';
import { idempotencyKeyOf } from '@ballast/messaging';
import { Problem, traceContextOf } from '@ballast/platform';
import { deadlineHeader, deadlineOf } from '@ballast/resilience';
import { Body, Controller, Header, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { CancelDesk } from '../intake/cancel-desk.js';
import { type Accepted, OrderDesk } from '../intake/order-desk.js';
import { acceptedJson, hrefOf, orderJson } from './order-json.js';
import { orderIdOf, OrderLookup } from './order-lookup.js';
import { json, type Reply, type RequestHeaders } from './reply.js';

const deadlineDescribed = {
  name: 'Deadline',
  required: false,
  description: 'When the client stops waiting (RFC 3339): no order is placed any more after that.',
};

/** What changes something: orders placed, one by one and in batches, and cancelled. */
@ApiTags('orders')
@Controller('orders')
export class IntakeController {
  constructor(
    private readonly desk: OrderDesk,
    private readonly cancelDesk: CancelDesk,
    private readonly lookup: OrderLookup,
  ) {}

  @Post()
  @HttpCode(202)
  @Header(...json)
  @ApiOperation({ summary: 'Places an order. It is stored when this answers, and processed from then on.' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      '1 to 255 printable ASCII characters. Repeated with the same body: the same answer, and nothing placed twice.',
  })
  @ApiAcceptedResponse({ standardSchema: OrderAccepted, description: 'Location is the order.' })
  @ApiResponse({
    status: 409,
    description: 'IDEMPOTENCY_KEY_IN_FLIGHT: the first request with the key is not done.',
  })
  @ApiResponse({
    status: 422,
    description: 'IDEMPOTENCY_KEY_REUSED, UNKNOWN_SKU, AMOUNT_TOO_LARGE or CARD_NOT_PREPARABLE.',
  })
  @ApiHeader(deadlineDescribed)
  @ApiResponse({ status: 429, description: 'RATE_LIMITED: too many orders of this customer.' })
  @ApiResponse({
    status: 503,
    description: 'UNAVAILABLE: too much to do; Retry-After says when to come again.',
  })
  @ApiResponse({ status: 504, description: 'DEADLINE_PASSED' })
  async place(
    @Body({ schema: PlaceOrder }) body: PlaceOrder,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const { id, replayed } = await this.desk.place(
      body,
      idempotencyKeyOf(headers['idempotency-key']) ?? undefined,
      traceContextOf(headers),
      clientDeadlineOf(headers),
    );
    reply.header('location', hrefOf(id));
    if (replayed) reply.header('idempotency-replayed', 'true');
    return acceptedJson(id);
  }

  @Post('batch')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Places up to 500 orders, each by itself: a line that is refused does not touch the others.',
  })
  @ApiOkResponse({
    standardSchema: PlaceOrdersResult,
    description: 'A result per line, in the order of the lines.',
  })
  // Swagger takes it, and its types do not know.
  @ApiBody({ standardSchema: PlaceOrdersDescribed } as never)
  @ApiHeader(deadlineDescribed)
  async placeBatch(
    @Body({ schema: PlaceOrders }) body: PlaceOrders,
    @Headers() headers: RequestHeaders,
  ): Promise<PlaceOrdersResult> {
    const outcomes = await this.desk.placeBatch(
      body.orders,
      traceContextOf(headers),
      clientDeadlineOf(headers),
    );
    return { results: outcomes.map((outcome, index) => resultOf(outcome, body.orders[index])) };
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @Header(...json)
  @ApiOperation({ summary: 'Asks for a cancel. It is honoured until the payment is being captured.' })
  @ApiAcceptedResponse({
    standardSchema: OrderView,
    description: 'The order as it is; it ends soon, one way or the other.',
  })
  @ApiResponse({ status: 404, description: 'ORDER_NOT_FOUND' })
  @ApiResponse({ status: 409, description: 'ORDER_ALREADY_ENDED' })
  async cancel(
    @Param('id') segment: string,
    @Headers() headers: RequestHeaders,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const id = orderIdOf(segment);
    await this.cancelDesk.ask(id, traceContextOf(headers));
    reply.header('location', hrefOf(id));
    return orderJson(await this.lookup.find(id));
  }
}

/** @throws {Problem} BAD_REQUEST for one that cannot be read: the client means to stop waiting, and nobody knows when */
function clientDeadlineOf(headers: RequestHeaders): Date | undefined {
  const text = headers[deadlineHeader];
  const deadline = deadlineOf(text);
  if (text !== undefined && deadline === undefined)
    throw new Problem(problems.BAD_REQUEST, 'Deadline: expected an instant such as 2030-01-02T03:04:05Z');
  return deadline;
}

function resultOf(outcome: Accepted | Problem, line: unknown): PlaceOrdersResult['results'][number] {
  const idempotencyKey = keyOfLine(line);
  if (!(outcome instanceof Problem)) return { accepted: true, idempotencyKey, ...outcome };
  const { status, code, detail } = outcome;
  return { accepted: false, idempotencyKey, status, code, detail };
}

/** The key as the client sent it, to recognise the line by; null when it is no key. */
function keyOfLine(line: unknown): string | null {
  const key =
    typeof line === 'object' && line !== null && 'idempotencyKey' in line ? line.idempotencyKey : null;
  return IdempotencyKey.safeParse(key).data ?? null;
}

import { z } from 'zod';
import { OrderLine, Protocol } from '../order.js';
import { Address, CustomerId, Day, OrderId, PaymentMethod, PositiveCents } from '../primitives.js';
import { whole } from './query.js';

export const OrderStatus = z.enum(['PENDING', 'COMPLETED', 'CANCELLED']).meta({ id: 'OrderStatus' });
export type OrderStatus = z.infer<typeof OrderStatus>;

const [WalletPayment, CardPayment] = PaymentMethod.options;

const anOrder = {
  customerId: 'alice',
  lines: [{ sku: 'blue-kettle', quantity: 1, unitPriceCents: 3_900 }],
  payment: { kind: 'wallet' },
  address: { zone: 'north', name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1 7HX' },
};

/** `POST /orders`. The amount is the sum of the lines, 10^12 cents at most. Nothing that is not listed here is let through. */
export const PlaceOrder = z
  .strictObject({
    customerId: CustomerId,
    lines: z.array(OrderLine.strict()).min(1).max(100),
    payment: z.discriminatedUnion('kind', [WalletPayment.strict(), CardPayment.strict()]),
    address: Address.strict(),
    /** Today (UTC) when absent. */
    shipOn: Day.optional(),
    protocol: Protocol.default('orchestrated'),
  })
  .meta({
    id: 'PlaceOrder',
    example: anOrder,
  });
export type PlaceOrder = z.infer<typeof PlaceOrder>;

export const OrderView = z
  .object({
    id: OrderId,
    customerId: CustomerId,
    status: OrderStatus,
    /** Why it was cancelled; null otherwise. */
    reason: z.string().nullable(),
    protocol: z.string(),
    amountCents: PositiveCents,
    lines: z.array(OrderLine),
    payment: z.object({ kind: z.enum(['wallet', 'card']) }),
    address: Address,
    shipOn: Day,
    placedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'OrderView' });
export type OrderView = z.infer<typeof OrderView>;

/** The answer to an accepted order. A replay under the same idempotency key returns the same bytes. */
export const OrderAccepted = z
  .object({ id: OrderId, status: z.literal('PENDING'), href: z.string() })
  .meta({ id: 'OrderAccepted' });
export type OrderAccepted = z.infer<typeof OrderAccepted>;

/** 1 to 255 printable ASCII characters without spaces, which leaves room for the IETF draft's quoted strings. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/);

/** One order of a batch. Without a key it is placed anew each time that the batch is sent. */
export const BatchLine = z
  .strictObject({ idempotencyKey: IdempotencyKey.nullish(), order: PlaceOrder })
  .meta({ id: 'BatchLine' });

const batchOf = <Line extends z.ZodType>(line: Line) =>
  z.strictObject({ orders: z.array(line).min(1).max(500) });

/** `POST /orders/batch`: each line, a `BatchLine`, is checked by itself; one that is refused does not touch the others. */
export const PlaceOrders = batchOf(z.unknown());
export type PlaceOrders = z.infer<typeof PlaceOrders>;

/** The same for the documentation, which says what a line must be not to be refused. */
export const PlaceOrdersDescribed = batchOf(BatchLine).meta({
  id: 'PlaceOrders',
  example: { orders: [{ idempotencyKey: 'import-1', order: anOrder }] },
});

export const PlaceOrdersResult = z
  .object({
    /** In the order of the lines. */
    results: z.array(
      z.discriminatedUnion('accepted', [
        z.object({
          accepted: z.literal(true),
          idempotencyKey: z.string().nullable(),
          id: OrderId,
          replayed: z.boolean(),
        }),
        /** What `POST /orders` would have answered: the status and the problem's code. */
        z.object({
          accepted: z.literal(false),
          idempotencyKey: z.string().nullable(),
          status: z.int(),
          code: z.string(),
          detail: z.string(),
        }),
      ]),
    ),
  })
  .meta({ id: 'PlaceOrdersResult' });
export type PlaceOrdersResult = z.infer<typeof PlaceOrdersResult>;

/** `?wait=`: for how long an answer may be held back, in milliseconds. */
export const WaitQuery = z.strictObject({ wait: whole(0, 30_000).default(0) }).meta({ id: 'WaitQuery' });
export type WaitQuery = z.infer<typeof WaitQuery>;

/** `POST /orders/status?wait=ms`: answers as soon as one of them has ended. */
export const OrderStatusQuery = z
  .strictObject({ ids: z.array(OrderId).min(1).max(5_000) })
  .meta({ id: 'OrderStatusQuery' });
export type OrderStatusQuery = z.infer<typeof OrderStatusQuery>;

export const OrderStatusResult = z
  .object({
    /** Those that have ended; the others are still pending or unknown. */
    ended: z.array(z.object({ id: OrderId, status: OrderStatus, reason: z.string().nullable() })),
  })
  .meta({ id: 'OrderStatusResult' });

/** The data of the `status` events of `GET /orders/{id}/events`; the stream ends after COMPLETED or CANCELLED. */
export const OrderStatusEvent = z
  .object({
    id: OrderId,
    status: OrderStatus,
    reason: z.string().nullable(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'OrderStatusEvent' });
export type OrderStatusEvent = z.infer<typeof OrderStatusEvent>;

/** `GET /orders`: newest first. The cursor is the `nextCursor` of the page before. */
export const OrdersQuery = z
  .strictObject({
    status: OrderStatus.optional(),
    customerId: CustomerId.optional(),
    limit: whole(1, 200).default(50),
    cursor: z.string().min(1).max(100).optional(),
  })
  .meta({ id: 'OrdersQuery' });
export type OrdersQuery = z.infer<typeof OrdersQuery>;

export const OrderPage = z
  .object({ orders: z.array(OrderView), nextCursor: z.string().nullable() })
  .meta({ id: 'OrderPage' });

import { z } from 'zod';
import { OrderLine } from '../order.js';
import { Address, CustomerId, Day, OrderId, PaymentMethod, PositiveCents } from '../primitives.js';

export const OrderStatus = z.enum(['PENDING', 'COMPLETED', 'CANCELLED']).meta({ id: 'OrderStatus' });
export type OrderStatus = z.infer<typeof OrderStatus>;

/** `POST /orders`. The amount is the sum of the lines. */
export const PlaceOrder = z
  .strictObject({
    customerId: CustomerId,
    lines: z.array(OrderLine.strict()).min(1).max(100),
    payment: PaymentMethod,
    address: Address.strict(),
    /** Today (UTC) when absent. */
    shipOn: Day.optional(),
    protocol: z.enum(['orchestrated']).default('orchestrated'),
  })
  .meta({ id: 'PlaceOrder' });
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

/** The answer to an accepted order. Kept under its idempotency key: a replay returns the same bytes. */
export const OrderAccepted = z
  .object({ id: OrderId, status: z.literal('PENDING'), href: z.string() })
  .meta({ id: 'OrderAccepted' });
export type OrderAccepted = z.infer<typeof OrderAccepted>;

/** 1 to 255 printable ASCII characters, as the IETF draft's examples use. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/);

/** `POST /orders/batch`: each line stands alone; one that is refused does not touch the others. */
export const PlaceOrders = z
  .strictObject({
    orders: z
      .array(z.object({ idempotencyKey: z.unknown(), order: z.unknown() }))
      .min(1)
      .max(500),
  })
  .meta({ id: 'PlaceOrders' });

export const PlaceOrdersResult = z
  .object({
    results: z.array(
      z.discriminatedUnion('accepted', [
        z.object({
          accepted: z.literal(true),
          idempotencyKey: z.string(),
          id: OrderId,
          replayed: z.boolean(),
        }),
        z.object({ accepted: z.literal(false), status: z.int(), code: z.string(), detail: z.string() }),
      ]),
    ),
  })
  .meta({ id: 'PlaceOrdersResult' });

/** `POST /orders/status?wait=ms`: answers as soon as one of them has ended. */
export const OrderStatusQuery = z
  .strictObject({ ids: z.array(OrderId).min(1).max(5_000) })
  .meta({ id: 'OrderStatusQuery' });

export const OrderStatusResult = z
  .object({
    /** Those that have ended; the others are still pending or unknown. */
    ended: z.array(z.object({ id: OrderId, status: OrderStatus, reason: z.string().nullable() })),
  })
  .meta({ id: 'OrderStatusResult' });

export const OrderPage = z
  .object({ orders: z.array(OrderView), nextCursor: z.string().nullable() })
  .meta({ id: 'OrderPage' });

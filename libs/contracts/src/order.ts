import { z } from 'zod';
import { Failure } from './failure.js';
import { command, event, Nothing } from './message.js';
import { Address, CustomerId, Day, PaymentMethod, PositiveCents, Quantity, Sku, text } from './primitives.js';

export const OrderLine = z
  .object({ sku: Sku, quantity: Quantity, unitPriceCents: z.int().min(1).max(100_000_000) })
  .meta({ id: 'OrderLine' });

/** The ways in which an order can be carried out. A participant does not know which. */
export const Protocol = z
  .enum(['orchestrated', 'choreographed', 'tcc', 'two-phase'])
  .meta({ id: 'Protocol' });
export type Protocol = z.infer<typeof Protocol>;

/** An order as the flows see it: the input of every protocol. */
export const Order = z.object({
  customerId: CustomerId,
  lines: z.array(OrderLine).min(1).max(100),
  amountCents: PositiveCents,
  payment: PaymentMethod,
  address: Address,
  /** The day on which the carrier is asked to take it. */
  shipOn: Day,
});
export type Order = z.infer<typeof Order>;

export const completeOrder = command('order.complete', { data: Nothing, reply: Nothing });

/** Not a step: what a compensated flow tells the order service. The reason is a rejection code, CANCELLED or DEADLINE. */
export const cancelOrder = command('order.cancel', { data: z.object({ reason: text(100) }), reply: Nothing });

/** Begins a choreographed flow. Its message carries the order's deadline. */
export const orderPlaced = event('order.placed', Order);
/** Requests to the owner of the pivot, who alone decides whether they come in time. */
export const orderCancelRequested = event('order.cancel-requested', Failure);
export const orderDeadlinePassed = event('order.deadline-passed', Failure);
/** An operator asks everybody to try again what they have given up. */
export const orderResumeRequested = event('order.resume-requested', Nothing);

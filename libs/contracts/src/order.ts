import { z } from 'zod';
import { Failure } from './failure.js';
import { command, event, Nothing } from './message.js';
import { OperatorRequest } from './operator.js';
import { Address, CustomerId, Day, PaymentMethod, PositiveCents, Quantity, Sku, text } from './primitives.js';

/** How an order is carried out: docs/protocols.md says when to use which. A participant does not know. */
export const Protocol = z
  .enum(['orchestrated', 'choreographed', 'tcc', 'two-phase'])
  .meta({ id: 'Protocol' });
export type Protocol = z.infer<typeof Protocol>;

export const OrderLine = z
  .object({ sku: Sku, quantity: Quantity, unitPriceCents: z.int().min(1).max(100_000_000) })
  .meta({ id: 'OrderLine' });

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

/** Everybody is asked to try again what waits for its next attempt, or was given up. */
export const retryOrder = command('order.retry', { data: OperatorRequest, reply: Nothing });

/** As a retry, for an order that is parked. */
export const resumeOrder = command('order.resume', { data: OperatorRequest, reply: Nothing });

/** As a customer's cancel, but with an operator's name and reason. */
export const cancelOrderAsOperator = command('order.operator-cancel', {
  data: OperatorRequest,
  reply: Nothing,
});

/** The messages of operators to the owner of a choreographed order, by the action that each asks for. */
export const orderOperatorCommands = {
  retry: retryOrder,
  resume: resumeOrder,
  cancel: cancelOrderAsOperator,
} as const;

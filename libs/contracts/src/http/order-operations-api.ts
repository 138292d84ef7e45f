import { z } from 'zod';
import { byOperator } from '../operator.js';
import { OrderId, text } from '../primitives.js';
import { OperatorActionView, operationSagasMax } from './operations-api.js';
import { whole } from './query.js';

/*
 * The operators' API of the order service, on a port of its own: choreographed orders, which nobody but it knows the whole
 * of. What is asked for is answered as on the orchestrator's: see operations-api.ts.
 */

export const ChoreographedStatus = z
  .enum(['running', 'parked', 'completed', 'cancelled'])
  .meta({ id: 'ChoreographedStatus' });
export type ChoreographedStatus = z.infer<typeof ChoreographedStatus>;

/** `GET /operations/orders`: newest first. The cursor is the `nextCursor` of the page before. */
export const ChoreographedQuery = z
  .strictObject({
    status: ChoreographedStatus.optional(),
    /** Why it is parked has these characters: `payment.voided`. */
    reason: text(100).optional(),
    order: OrderId.optional(),
    limit: whole(1, 200).default(50),
    cursor: z.string().min(1).max(100).optional(),
  })
  .meta({ id: 'ChoreographedQuery' });
export type ChoreographedQuery = z.infer<typeof ChoreographedQuery>;

export const ChoreographedSummary = z
  .object({
    id: OrderId,
    choreography: z.string(),
    version: z.int(),
    state: ChoreographedStatus,
    /** Why it is parked; null when it is not. */
    reason: z.string().nullable(),
    /** What its end was asked for, before the payment has decided. */
    requested: z.enum(['CANCELLED', 'DEADLINE']).nullable(),
    /** The events that its end, or the decision about it, still lacks. */
    waitingFor: z.array(z.string()),
    begunAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
    deadlineAt: z.iso.datetime().nullable(),
    parkedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ChoreographedSummary' });
export type ChoreographedSummary = z.infer<typeof ChoreographedSummary>;

export const ChoreographedPage = z
  .object({
    orders: z.array(ChoreographedSummary),
    /** A page may be shorter than its limit, even empty: the last one has none. */
    nextCursor: z.string().nullable(),
    /** How many are parked now, whatever was asked for. */
    parked: z.int(),
  })
  .meta({ id: 'ChoreographedPage' });
export type ChoreographedPage = z.infer<typeof ChoreographedPage>;

/** One thing that happened to a choreographed order. `seq` is its place in the order's log; `at` is for people only. */
export const ChoreographedEntry = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    /** `heard` and `announced` an event, `answered` an operation of its own, `parked`; `operator` for an action. */
    what: z.string(),
    /** The type of the event or the operation; null for others. */
    type: z.string().nullable(),
    /** A code: why it failed, was refused or is parked. */
    reason: z.string().nullable(),
    /** Of an operator's action: everything about it. */
    action: OperatorActionView.nullable(),
  })
  .meta({ id: 'ChoreographedEntry' });
export type ChoreographedEntry = z.infer<typeof ChoreographedEntry>;

/** `GET /operations/orders/{id}`: where it stands, and everything that was heard of it, in order. */
export const ChoreographedDetails = ChoreographedSummary.extend({
  timeline: z.array(ChoreographedEntry),
}).meta({ id: 'ChoreographedDetails' });
export type ChoreographedDetails = z.infer<typeof ChoreographedDetails>;

/** `POST /operations/orders/{id}/actions`: a message to the owner of the order, who does or refuses it. */
export const ChoreographedAction = z
  .strictObject({ action: z.enum(['retry', 'resume', 'cancel']), ...byOperator })
  .meta({
    id: 'ChoreographedAction',
    example: { action: 'resume', operator: 'dana', reason: 'the bank is back' },
  });
export type ChoreographedAction = z.infer<typeof ChoreographedAction>;

/** `POST /operations/retry`: one action for each order that matches, the oldest first. */
export const RetryChoreographed = z
  .strictObject({
    ...byOperator,
    filter: z.strictObject({ status: z.enum(['running', 'parked']), reason: text(100).optional() }),
    limit: z.int().min(1).max(operationSagasMax).default(100),
  })
  .meta({
    id: 'RetryChoreographed',
    example: { operator: 'dana', reason: 'the bank is back', filter: { status: 'parked' }, limit: 500 },
  });
export type RetryChoreographed = z.infer<typeof RetryChoreographed>;

import { z } from 'zod';
import { byOperator } from '../operator.js';
import { OrderId, text } from '../primitives.js';
import { whole } from './query.js';
import { SagaView } from './saga-api.js';

/*
 * The operators' API of the orchestrator, on a port of its own: everything about sagas that are in trouble.
 */

export const SagaStatus = SagaView.shape.state.meta({ id: 'SagaStatus' });
export type SagaStatus = z.infer<typeof SagaStatus>;

/** What sagas are looked for by, one by one or all that match. */
const searched = {
  status: SagaStatus.optional(),
  /** Sagas that wait for this step: it is not done, or not undone, and not given up. */
  step: text(64).optional(),
  /** Its reason has these characters: `TIMEOUT`, `undo of`. */
  reason: text(100).optional(),
};

/** `GET /operations/sagas`: newest first. The cursor is the `nextCursor` of the page before. */
export const SagasQuery = z
  .strictObject({
    ...searched,
    order: OrderId.optional(),
    olderThanSeconds: whole(0, 999_999_999).optional(),
    limit: whole(1, 200).default(50),
    cursor: z.string().min(1).max(100).optional(),
  })
  .meta({ id: 'SagasQuery' });
export type SagasQuery = z.infer<typeof SagasQuery>;

export const SagaSummary = z
  .object({
    id: OrderId,
    protocol: SagaView.shape.protocol,
    definition: z.string(),
    version: z.int(),
    state: SagaStatus,
    reason: z.string().nullable(),
    /** Steps without a definite answer, in the definition's order; `undo of` a step when that is what is waited for. */
    waitingFor: z.array(z.string()),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    /** Null when it is not parked. */
    parkedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'SagaSummary' });
export type SagaSummary = z.infer<typeof SagaSummary>;

export const SagaPage = z
  .object({
    sagas: z.array(SagaSummary),
    /** A page may be shorter than its limit, even empty: the last one has none. */
    nextCursor: z.string().nullable(),
    /** How many are parked now, whatever was asked for. */
    parked: z.int(),
  })
  .meta({ id: 'SagaPage' });
export type SagaPage = z.infer<typeof SagaPage>;

export const OperatorActionName = z
  .enum(['retry', 'resume', 'force-forward', 'force-undo', 'cancel'])
  .meta({ id: 'OperatorActionName' });
export type OperatorActionName = z.infer<typeof OperatorActionName>;

/** The audit of an action on one saga. */
export const OperatorActionView = z
  .object({
    id: z.uuid(),
    orderId: OrderId,
    action: OperatorActionName,
    operator: z.string(),
    reason: z.string(),
    askedAt: z.iso.datetime(),
    /** `waiting` until the saga's owner has handled it. */
    outcome: z.enum(['waiting', 'applied', 'refused']),
    /** Why it was refused. */
    detail: z.string().nullable(),
    handledAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'OperatorAction' });
export type OperatorActionView = z.infer<typeof OperatorActionView>;

/** One thing that happened to a saga. `seq` is its place in the order of the log; `at` is for people only. */
export const TimelineEntry = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    /** `sent`, `done`, `timed out`, `parked`; `decided` to commit or why not; `operator` for an action, ... */
    what: z.string(),
    /** Null for the saga as a whole. */
    step: z.string().nullable(),
    /** Of a branch: prepare, commit or abort. */
    operation: z.enum(['do', 'undo', 'prepare', 'commit', 'abort']).nullable(),
    attempt: z.int().nullable(),
    /** A code: why it was refused, rejected, parked or compensated. */
    reason: z.string().nullable(),
    /** Of an operator's action: everything about it. */
    action: OperatorActionView.nullable(),
  })
  .meta({ id: 'TimelineEntry' });
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** `GET /operations/sagas/{orderId}`: where it stands, and everything that has happened to it, in order. */
export const SagaDetails = SagaView.extend({ timeline: z.array(TimelineEntry) }).meta({ id: 'SagaDetails' });
export type SagaDetails = z.infer<typeof SagaDetails>;

/** `POST /operations/sagas/{orderId}/actions`: each is a message to the owner of the saga, who does or refuses it. */
export const SagaAction = z
  .discriminatedUnion('action', [
    z.strictObject({ action: z.enum(['retry', 'resume', 'force-undo', 'cancel']), ...byOperator }),
    z.strictObject({
      action: z.literal('force-forward'),
      ...byOperator,
      /** Which step, when several are stuck. */
      step: text(64).optional(),
      /** What the step would have answered: what later steps rely on. */
      reply: z
        .record(z.string().max(100), z.json())
        .refine(reply => JSON.stringify(reply).length <= 10_000, { message: 'at most 10000 characters' })
        .optional(),
    }),
  ])
  .meta({
    id: 'SagaAction',
    example: { action: 'resume', operator: 'dana', reason: 'the carrier is back' },
  });
export type SagaAction = z.infer<typeof SagaAction>;

/** `?wait=`: for how long, in milliseconds, the answer may be held back until the sagas' owners have handled it. */
export const OperationWait = z
  .strictObject({ wait: whole(0, 30_000).default(5_000) })
  .meta({ id: 'OperationWait' });
export type OperationWait = z.infer<typeof OperationWait>;

/** How many sagas one request may touch. */
export const operationSagasMax = 1_000;

/** `POST /operations/retry`: one action for each saga that matches, the oldest first. */
export const RetryAll = z
  .strictObject({
    ...byOperator,
    /** Those that run, or are parked: the others have nothing to retry. */
    filter: z.strictObject({
      ...searched,
      status: z.enum(['running', 'compensating', 'parked']),
      olderThanSeconds: z.int().min(0).max(999_999_999).optional(),
    }),
    limit: z.int().min(1).max(operationSagasMax).default(100),
  })
  .meta({
    id: 'RetryAll',
    example: { operator: 'dana', reason: 'the carrier is back', filter: { status: 'parked' }, limit: 500 },
  });
export type RetryAll = z.infer<typeof RetryAll>;

/** What was asked for, and what became of it, saga by saga. `GET /operations/{id}` shows it again. */
export const OperationView = z
  .object({ id: z.uuid(), actions: z.array(OperatorActionView) })
  .meta({ id: 'Operation' });
export type OperationView = z.infer<typeof OperationView>;

import { z } from 'zod';
import { byOperator } from '../operator.js';
import { text } from '../primitives.js';
import { whole } from './query.js';

export const DeadLetterStatus = z.enum(['open', 'replayed', 'discarded']);
export type DeadLetterStatus = z.infer<typeof DeadLetterStatus>;

/** `POST /operations/dead-letters/{id}/discard`: the message is never handled; its order goes on without it. */
export const DiscardDeadLetter = z
  .strictObject(byOperator)
  .meta({ id: 'DiscardDeadLetter', example: { operator: 'kim', reason: 'a test message' } });
export type DiscardDeadLetter = z.infer<typeof DiscardDeadLetter>;

/**
 * `POST /operations/dead-letters/{id}/replay`: the message is handled again, before those that wait behind it. `force`
 * is needed where the inbox may have forgotten an earlier copy: its effect may then happen twice.
 */
export const ReplayDeadLetter = z
  .strictObject({ ...byOperator, force: z.boolean().default(false) })
  .meta({ id: 'ReplayDeadLetter', example: { operator: 'kim', reason: 'the handler was mended' } });
export type ReplayDeadLetter = z.infer<typeof ReplayDeadLetter>;

/** What an operator asked for. `doneAt` is null until the lane's owner has done it: a fraction of a second. */
export const DeadLetterAction = z
  .object({
    action: z.enum(['replay', 'discard']),
    operator: z.string(),
    reason: z.string(),
    forced: z.boolean(),
    requestedAt: z.iso.datetime(),
    doneAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'DeadLetterAction' });
export type DeadLetterAction = z.infer<typeof DeadLetterAction>;

export const DeadLetterSummary = z
  .object({
    id: z.int(),
    status: DeadLetterStatus,
    /** `timer` and `submitted` for what came from no topic: an order's timer, an outside party's answer. */
    topic: z.string(),
    partition: z.int(),
    offset: z.int().nullable(),
    /** Null where it could not be decoded. */
    type: z.string().nullable(),
    orderId: z.string().nullable(),
    messageId: z.string().nullable(),
    error: z.string(),
    /** Whether later messages of the order wait while it is open. */
    blocks: z.boolean(),
    deadAt: z.iso.datetime(),
    settledAt: z.iso.datetime().nullable(),
    /** The dead letter that was replayed, and became this one. */
    replayOf: z.int().nullable(),
    action: DeadLetterAction.nullable(),
  })
  .meta({ id: 'DeadLetterSummary' });
export type DeadLetterSummary = z.infer<typeof DeadLetterSummary>;

/** Bytes, as text where they are UTF-8. */
const Bytes = z.object({ encoding: z.enum(['utf8', 'base64']), data: z.string() });

/** `GET /operations/dead-letters/{id}`: with everything that is known of it. */
export const DeadLetterView = DeadLetterSummary.extend({
  stack: z.string().nullable(),
  key: Bytes.nullable(),
  value: Bytes.nullable(),
  headers: z.record(z.string(), Bytes),
  /** The decoded message; null where there is none, or it cannot be decoded. */
  message: z.unknown(),
  /** Why it cannot be replayed; null where it can. */
  replayRefused: z.string().nullable(),
  /** Why a replay needs `force`; null where it does not. */
  forceNeeded: z.string().nullable(),
  /** How many messages of the order wait. */
  waitingBehind: z.int(),
}).meta({ id: 'DeadLetterView' });
export type DeadLetterView = z.infer<typeof DeadLetterView>;

const seconds = whole(0, 999_999_999);

/** `GET /operations/dead-letters`: newest first; the open ones unless a status is given. */
export const DeadLettersQuery = z
  .strictObject({
    status: z.union([DeadLetterStatus, z.literal('any')]).default('open'),
    topic: text(300).optional(),
    type: text(200).optional(),
    orderId: text(200).optional(),
    olderThanSeconds: seconds.optional(),
    youngerThanSeconds: seconds.optional(),
    limit: whole(1, 200).default(50),
    cursor: text(100).optional(),
  })
  .meta({ id: 'DeadLettersQuery' });
export type DeadLettersQuery = z.infer<typeof DeadLettersQuery>;

export const DeadLetterPage = z
  .object({ deadLetters: z.array(DeadLetterSummary), nextCursor: z.string().nullable() })
  .meta({ id: 'DeadLetterPage' });
export type DeadLetterPage = z.infer<typeof DeadLetterPage>;

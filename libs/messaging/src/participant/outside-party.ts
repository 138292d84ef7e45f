import type { OutsideAnswer } from '@ballast/contracts';
import {
  type AnyPipeline,
  type ErrorClass,
  httpStatuses,
  type Priority,
  retryAfterMsOf,
} from '@ballast/resilience';

/**
 * Makes one attempt of a call. Resolves with the party's definite answer; rejects when there was none (an error, a
 * timeout, an answer that makes no sense): the same is asked again under the same key, which is what makes it safe.
 * One that rejects with a `Refused` was not made at all. Must give up when the signal says so.
 */
export type OutsideParty = (call: OutsideAttempt) => Promise<OutsideAnswer>;

export interface OutsideAttempt {
  readonly party: string;
  readonly operation: string;
  readonly request: unknown;
  readonly idempotencyKey: string;
  readonly orderId: string;
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** When nobody waits for the answer any more; null when somebody always will. To be told to the party. */
  readonly deadline: Date | null;
}

/**
 * A party that is asked through a pipeline. Retries are not its business: who asks remembers each call in a database,
 * and both would multiply.
 * @param priorityOf which attempts go first when there is too much to do
 */
export function guarded(
  pipeline: AnyPipeline,
  party: OutsideParty,
  priorityOf: (attempt: OutsideAttempt) => Priority = () => 'normal',
): OutsideParty {
  return attempt =>
    pipeline.run(({ signal, deadline }) => party({ ...attempt, signal, deadline }), {
      signal: attempt.signal,
      deadline: attempt.deadline ?? undefined,
      priority: priorityOf(attempt),
      idempotent: true,
    });
}

/** The party answered over HTTP, and it does not say whether it did what it was asked for. */
export class NoDefiniteAnswer extends Error {
  readonly errorClass: ErrorClass;
  readonly retryAfterMs: number | undefined;

  /** @param how completes the sentence "the carrier answered the label of order 7 ..." */
  constructor(
    { party, operation, orderId }: OutsideAttempt,
    how: string,
    { statusCode, headers = {} }: { readonly statusCode: number; readonly headers?: unknown },
  ) {
    super(`the ${party} answered the ${operation} of order ${orderId} ${how}`);
    this.name = 'NoDefiniteAnswer';
    this.errorClass = classOf(statusCode);
    this.retryAfterMs = retryAfterMsOf({ headers }, Date.now()) ?? undefined;
  }
}

/**
 * Of 429 alone it is certain that nothing was done: of everything else the worst is assumed, as it is about money. A
 * 4xx is a bug of ours, but for those that say something about the party or about this moment.
 */
function classOf(statusCode: number): ErrorClass {
  if (statusCode === 429) return 'transient';
  return statusCode >= 400 && statusCode < 500 && httpStatuses[statusCode] === undefined ? 'bug' : 'unknown';
}

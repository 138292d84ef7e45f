/**
 * What an error calls for.
 * - `rejected`: a definite no. Asking again gets the same answer; the caller does without, or compensates.
 * - `transient`: nothing has happened, and asking again later may succeed.
 * - `unknown`: it may have happened. Ask again under the same idempotency key, or find out.
 * - `bug`: the program or its configuration is wrong. Nothing but a change helps; park it.
 */
export type ErrorClass = 'rejected' | 'transient' | 'unknown' | 'bug';

/** By how much caution they call for: several errors of one call count as the first of these. */
const byCaution = ['unknown', 'bug', 'rejected', 'transient'] as const;

/** What several errors of one call amount to. Of none: `unknown`. */
export function worstOf(classes: Iterable<ErrorClass>): ErrorClass {
  const found = new Set(classes);
  return byCaution.find(kind => found.has(kind)) ?? 'unknown';
}

/** The properties of an error that are looked at: who made it may not be on our list of packages. */
export interface ErrorShape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly syscall?: unknown;
  readonly severity?: unknown;
  readonly retriable?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly errorClass?: unknown;
}

import { checkNumbers } from '../policy/numbers.js';

/**
 * Calls `fn` with a signal of this call's own, and rejects with `TimedOut` after `timeoutMs`, or with the outer
 * signal's reason when that aborts; either way `fn`'s signal is aborted first. Then the outcome of the work is
 * *unknown*: what ignores the signal goes on, and what it comes to is dropped. When `fn` settles in time, its timer
 * and its listener are gone.
 *
 * @param signal aborts the call from outside, at a shutdown for instance. An aborted one: `fn` is not called.
 * @throws RangeError for a time that no timer can wait: it would be over at once
 */
export async function withTimeout<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  fn: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  checkNumbers('withTimeout', { timeoutMs }, '0 or more');
  signal?.throwIfAborted();
  const own = new AbortController();
  const stopped = Promise.withResolvers<never>();
  // When `fn` aborts the outer signal and throws at once, nobody waits for this any more.
  stopped.promise.catch(() => undefined);
  const stop = (reason: unknown) => {
    own.abort(reason);
    stopped.reject(reason);
  };
  const timer = setTimeout(() => stop(new TimedOut(timeoutMs)), timeoutMs);
  const onAbort = () => stop(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([fn(own.signal), stopped.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** The call took too long. Whether its work was done is not known, unless it was never begun. */
export class TimedOut extends Error {
  readonly code = 'BALLAST_TIMED_OUT';

  /** @param begun false when the call waited all the time, for a slot for instance, and nothing was sent */
  constructor(
    readonly timeoutMs: number,
    readonly begun = true,
  ) {
    super(`no answer within ${Math.round(timeoutMs)} ms`);
    this.name = 'TimedOut';
  }
}

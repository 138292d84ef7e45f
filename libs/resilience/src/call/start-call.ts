import type { Clock } from '../clock/clock.js';
import { DeadlinePassed } from '../errors/refused.js';
import { TimedOut } from '../timeout/with-timeout.js';
import { Call, type CallOptions, type Next, type Work } from './call.js';

/** Sends a new call through the policies, bound to its caller's signal and deadline. */
export function startCall<T>(work: Work<T>, options: CallOptions, clock: Clock, policies: Next): Promise<T> {
  const call = new Call(work, options, clock);
  const { signal, deadline } = options;
  if (signal === undefined && deadline === undefined) return entered(call, policies) as Promise<T>;
  if (signal?.aborted) return Promise.reject(signal.reason as Error);

  const leftMs = deadline === undefined ? Infinity : Number(deadline) - clock.epochMs();
  if (Number.isNaN(leftMs)) return Promise.reject(new RangeError(`deadline ${String(deadline)}: no time`));
  if (leftMs <= 0) return Promise.reject(new DeadlinePassed());
  call.dueMs = clock.elapsedMs() + leftMs;
  const timer =
    leftMs === Infinity ? null : clock.after(leftMs, () => call.cancel(new TimedOut(leftMs, call.begun)));
  const onAbort = () => call.cancel(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  return entered(call, policies).finally(() => {
    timer?.stop();
    signal?.removeEventListener('abort', onAbort);
  }) as Promise<T>;
}

/** Policies reject. Should one of them throw all the same, its caller is told like this, and nothing is left behind. */
function entered(call: Call, policies: Next): Promise<unknown> {
  try {
    return policies(call);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

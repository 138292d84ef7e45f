import { DeadlinePassed } from '../errors/refused.js';
import type { Call } from './call.js';

/**
 * The innermost step of every pipeline: does the work. Settles as the work does, or rejects as soon as the call is
 * cancelled; work that ignores its signal then goes on, `call.busy` says so, and what it comes to is dropped.
 * Nothing is done for a call that was cancelled or is too late.
 */
export function perform(call: Call): Promise<unknown> {
  if (call.cancelled) return Promise.reject(call.reason as Error);
  const nowMs = call.clock.elapsedMs();
  if (call.dueMs <= nowMs) return Promise.reject(new DeadlinePassed());
  return new Promise((resolve, reject) => {
    call.begin(nowMs);
    call.interrupt = reject;
    started(call).then(
      value => {
        call.interrupt = null;
        call.end();
        resolve(value);
      },
      (error: unknown) => {
        call.interrupt = null;
        call.end();
        reject(error as Error);
      },
    );
  });
}

/** Work that throws at once, or gives no promise, is as good as any other. */
function started(call: Call): Promise<unknown> {
  try {
    return Promise.resolve(call.work(call));
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

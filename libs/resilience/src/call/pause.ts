import type { Call } from './call.js';

/** Waits; rejects with the call's reason as soon as it is cancelled. */
export function pause(call: Call, delayMs: number): Promise<void> {
  if (call.cancelled) return Promise.reject(call.reason as Error);
  return new Promise((resolve, reject) => {
    const timer = call.clock.after(delayMs, () => {
      call.interrupt = null;
      resolve();
    });
    call.interrupt = reason => {
      timer.stop();
      reject(reason as Error);
    };
  });
}

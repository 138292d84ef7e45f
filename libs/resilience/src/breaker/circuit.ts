import { EventEmitter } from 'node:events';
import Opossum from 'opossum';
import type { Call, Next } from '../call/call.js';
import type { CallWindow } from './call-window.js';

/**
 * One closed period of a breaker: an opossum that lives until it opens for the first time, and then never again hears
 * of a call. It decides about the failure rate; opening for slow calls, probing and closing are the breaker's. Opossum
 * is given nothing to do that it does wrong (traps.test.ts has them one by one):
 * - no timeout and no AbortController, no capacity, no half-open state: its timer is stopped when it is retired;
 * - counts from `CallWindow`, which knows settled calls only, instead of its own, which keeps every call's duration.
 */
export class Circuit {
  readonly #opossum: Opossum<[Call, Next], unknown>;

  /**
   * @param isFailure whether an error speaks against the dependency
   * @param onOpen called once, when the failure rate is reached; has to retire it
   */
  constructor(
    window: CallWindow,
    { failureRate, callsMin }: { readonly failureRate: number; readonly callsMin: number },
    act: (call: Call, next: Next) => Promise<unknown>,
    isFailure: (error: unknown, call: Call) => boolean,
    onOpen: () => void,
  ) {
    // Opossum writes into its options: they are made anew each time.
    this.#opossum = new Opossum(act, {
      timeout: false,
      // It opens above its threshold only; ours is the rate from which on it is open.
      errorThresholdPercentage: failureRate * 100 - 1e-9,
      volumeThreshold: callsMin,
      resetTimeout: 2 ** 31 - 1,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      // Called with the call's arguments, too, which its types do not know.
      errorFilter: ((error: unknown, call: Call) => !isFailure(error, call)) as (error: unknown) => boolean,
      status: countsOf(window),
    });
    this.#opossum.on('open', onOpen);
  }

  /** Not to be called once it is retired. */
  fire(call: Call, next: Next): Promise<unknown> {
    return this.#opossum.fire(call, next);
  }

  /** Stops its timer. Calls still under way settle and move nothing: it has no listeners any more. */
  retire(): void {
    this.#opossum.shutdown();
  }
}

/** A status of opossum's that reads our window, and writes nothing. */
function countsOf(window: CallWindow): Opossum.Status {
  const status = Opossum.newStatus({
    rollingCountBuckets: 1,
    rollingCountTimeout: 1_000,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // An emitter that stays silent: without one it sets an interval.
    rotateBucketController: new EventEmitter(),
  } as Opossum.StatusOptions);
  return Object.defineProperties(status, {
    increment: { value: () => undefined },
    stats: { get: () => ({ fires: window.calls, failures: window.failures }) },
  });
}

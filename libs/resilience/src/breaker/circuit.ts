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
  /** Opossum keeps them, and reads them whenever a call fails. */
  readonly #options: Opossum.Options<[Call, Next]>;
  #callsMin: number;

  /**
   * @param isFailure whether an error speaks against the dependency
   * @param onOpen called once, when the failure rate is reached; has to retire it
   */
  constructor(
    window: CallWindow,
    { failureRate, callsMin }: Numbers,
    act: (call: Call, next: Next) => Promise<unknown>,
    isFailure: (error: unknown, call: Call) => boolean,
    onOpen: () => void,
  ) {
    this.#callsMin = callsMin;
    // Opossum writes into its options: they are made anew each time.
    this.#options = {
      timeout: false,
      errorThresholdPercentage: thresholdOf(failureRate),
      // This one it reads when it is made only: what is less than callsMin it is told to be none.
      volumeThreshold: 1,
      resetTimeout: 2 ** 31 - 1,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      // Called with the call's arguments, too, which its types do not know.
      errorFilter: ((error: unknown, call: Call) => !isFailure(error, call)) as (error: unknown) => boolean,
      status: countsOf(() => (window.calls < this.#callsMin ? none : window)),
    };
    this.#opossum = new Opossum(act, this.#options);
    this.#opossum.on('open', onOpen);
  }

  /** Not to be called once it is retired. */
  fire(call: Call, next: Next): Promise<unknown> {
    return this.#opossum.fire(call, next);
  }

  /** Other numbers: they hold for the calls that are under way, too, as those belong to this period. */
  reconfigure({ failureRate, callsMin }: Numbers): void {
    this.#options.errorThresholdPercentage = thresholdOf(failureRate);
    this.#callsMin = callsMin;
  }

  /** Stops its timer. Calls still under way settle and move nothing: it has no listeners any more. */
  retire(): void {
    this.#opossum.shutdown();
  }
}

interface Numbers {
  readonly failureRate: number;
  readonly callsMin: number;
}

interface Counts {
  readonly calls: number;
  readonly failures: number;
}

const none: Counts = { calls: 0, failures: 0 };

/** It opens above its threshold only; ours is the rate from which on it is open. */
const thresholdOf = (failureRate: number): number => failureRate * 100 - 1e-9;

/** A status of opossum's that reads our counts, and writes nothing. */
function countsOf(counts: () => Counts): Opossum.Status {
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
    stats: {
      get: () => {
        const { calls, failures } = counts();
        return { fires: calls, failures };
      },
    },
  });
}

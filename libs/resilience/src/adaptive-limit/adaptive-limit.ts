import type { Call, Next } from '../call/call.js';
import { LimitReached, Refused } from '../errors/refused.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';
import { TimedOut } from '../timeout/with-timeout.js';
import { Gradient } from './gradient.js';

export interface AdaptiveLimitConfiguration {
  readonly policy: 'adaptiveLimit';
  readonly limitMin: number;
  readonly limitMax: number;
  /** @default limitMin */
  readonly limitStart?: number;
}

/**
 * Bounds the calls under way by what the dependency can take at the moment, which it finds out itself (`Gradient`).
 * A slot is free when the work has settled.
 */
export class AdaptiveLimit extends Policy<AdaptiveLimitConfiguration> {
  readonly #gradient: Gradient;
  #inFlight = 0;
  #refused = 0;

  constructor(configuration: AdaptiveLimitConfiguration, given?: Partial<Surroundings>) {
    super(configuration, surroundings(given));
    this.#gradient = new Gradient(boundsOf(configuration));
  }

  execute(call: Call, next: Next): Promise<unknown> {
    const { limit } = this.#gradient;
    if (this.#inFlight >= limit) {
      this.#refused++;
      return this.refuse(new LimitReached(`${limit} calls are under way`, this.surroundings.dependency));
    }
    this.#inFlight++;
    return next(call).then(
      value => {
        this.#learn(() => this.#gradient.answered(call.tookMs, this.#inFlight));
        this.#leave(call);
        return value;
      },
      (error: unknown) => {
        if (call.begun) this.#failed(call, error);
        this.#leave(call);
        throw error;
      },
    );
  }

  state() {
    const { limit, unloadedMs } = this.#gradient;
    const known = unloadedMs === Infinity ? null : unloadedMs;
    return { limit, inFlight: this.#inFlight, unloadedMs: known, refused: this.#refused };
  }

  reconfigure(configuration: AdaptiveLimitConfiguration): void {
    this.#gradient.reconfigure(boundsOf(configuration));
    this.configuration = configuration;
  }

  #failed(call: Call, error: unknown): void {
    if (error instanceof Refused) return;
    const kind = this.surroundings.classify(error);
    const givenUp = call.cancelled && error === call.reason;
    if (kind === 'rejected' && !givenUp) {
      this.#learn(() => this.#gradient.answered(call.tookMs, this.#inFlight));
    } else if (kind === 'transient' || (kind === 'unknown' && !givenUp) || error instanceof TimedOut) {
      this.#learn(() => this.#gradient.dropped());
    }
  }

  #learn(lesson: () => void): void {
    const from = this.#gradient.limit;
    lesson();
    const to = this.#gradient.limit;
    const { events } = this.surroundings;
    if (from !== to && events.heard) events.emit({ kind: 'limit', from, to });
  }

  #leave(call: Call): void {
    if (call.busy) call.whenIdle(this.#free);
    else this.#free();
  }

  readonly #free = (): void => {
    this.#inFlight--;
  };
}

function boundsOf(configuration: AdaptiveLimitConfiguration) {
  const { limitMin, limitMax, limitStart = limitMin } = configuration;
  checkNumbers('adaptiveLimit', { limitMin, limitMax, limitStart }, 'whole, from 1');
  if (!(limitMin <= limitStart && limitStart <= limitMax)) {
    throw new RangeError(
      `adaptiveLimit: not ${limitMin} (min) <= ${limitStart} (start) <= ${limitMax} (max)`,
    );
  }
  return { limitMin, limitMax, limitStart };
}

import { perform } from '../call/perform.js';
import { startCall } from '../call/start-call.js';
import type { Call, CallOptions, Next, Work } from '../call/call.js';
import { type Clock, systemClock } from '../clock/clock.js';
import { classify } from '../errors/classify.js';
import type { ErrorClass } from '../errors/error-class.js';
import type { Refused } from '../errors/refused.js';
import { Events } from './events.js';

/** What all policies of a pipeline share. */
export interface Surroundings {
  /** What is called: the name in errors and events. */
  readonly dependency: string;
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly classify: (error: unknown) => ErrorClass;
  readonly events: Events;
}

/** Whatever is not said: the real time, real randomness, and nobody who listens. */
export function surroundings(given: Partial<Surroundings> = {}): Surroundings {
  const dependency = given.dependency ?? 'call';
  return {
    dependency,
    clock: given.clock ?? systemClock,
    random: given.random ?? Math.random,
    classify: given.classify ?? classify,
    events: given.events ?? new Events(dependency),
  };
}

/** Something around a call. Can be used alone, with `run`, or as a part of a pipeline. */
export abstract class Policy<Configuration extends { readonly policy: string }> {
  readonly kind: Configuration['policy'];

  constructor(
    protected configuration: Configuration,
    protected readonly surroundings: Surroundings,
  ) {
    this.kind = configuration.policy;
  }

  /** Lets the call through to what stands further inside, or does not. Never throws: it rejects. */
  abstract execute(call: Call, next: Next): Promise<unknown>;

  /** For people and metrics: what can be read of it at the moment. */
  abstract state(): Readonly<Record<string, unknown>>;

  /**
   * From now on with other numbers. What is counted, and what waits, stays.
   * @throws RangeError for a number that makes no sense; then nothing changes
   */
  abstract reconfigure(configuration: Configuration): void;

  /** Does the work under this policy alone. */
  run<T>(work: Work<T>, options: CallOptions = {}): Promise<T> {
    return startCall(work, options, this.surroundings.clock, call => this.execute(call, perform));
  }

  protected refuse(error: Refused): Promise<never> {
    this.tellOf(error);
    return Promise.reject(error);
  }

  protected tellOf({ code }: Refused): void {
    const { events } = this.surroundings;
    if (events.heard) events.emit({ kind: 'refused', policy: this.kind, code });
  }
}

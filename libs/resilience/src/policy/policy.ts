import { perform } from '../call/perform.js';
import { startCall } from '../call/start-call.js';
import type { Call, CallOptions, Next, Work } from '../call/call.js';
import { type Clock, systemClock } from '../clock/clock.js';
import { classify } from '../errors/classify.js';
import type { ErrorClass } from '../errors/error-class.js';
import type { Refused } from '../errors/refused.js';
import { Events } from './events.js';
import { warn } from './warning.js';

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
    classify: withoutThrowing(given.classify ?? classify, dependency),
    events: given.events ?? new Events(dependency),
  };
}

/**
 * Policies classify while they hold a slot, a probe or a caller's promise: what a classification throws would leak it,
 * and take the place of the call's own error. It may be ours that throws, for an error whose getters do. It promises
 * nothing then: `unknown`. One warning is enough, as many calls will fail in the same way.
 */
function withoutThrowing(
  classify: Surroundings['classify'],
  dependency: string,
): (error: unknown) => ErrorClass {
  let hasWarned = false;
  return error => {
    try {
      return classify(error);
    } catch (thrown) {
      if (!hasWarned) warn(`${dependency}: an error could not be classified and counts as unknown`, thrown);
      hasWarned = true;
      return 'unknown';
    }
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
   * From now on with other numbers. What is counted stays, and so does who waits, and each time that runs already.
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

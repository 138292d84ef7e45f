import type { Call, Next } from '../call/call.js';
import type { ErrorClass } from '../errors/error-class.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';

export interface FallbackConfiguration {
  readonly policy: 'fallback';
  /** Which errors a call's fallback stands in for. @default ['transient', 'unknown'] */
  readonly on?: readonly ErrorClass[];
}

/**
 * Gives another answer in place of an error: what the call itself says, in its option `fallback`. By default only where
 * the dependency failed: a definite no is an answer, and a bug is not to be hidden.
 */
export class Fallback extends Policy<FallbackConfiguration> {
  #used = 0;

  constructor(configuration: FallbackConfiguration, given?: Partial<Surroundings>) {
    super(configuration, surroundings(given));
  }

  execute(call: Call, next: Next): Promise<unknown> {
    const { fallback } = call.options as FallbackOptions<unknown>;
    if (fallback === undefined) return next(call);
    return next(call).catch((error: unknown) => {
      const { on = ['transient', 'unknown'] } = this.configuration;
      const { classify, events } = this.surroundings;
      const isCallersWish = call.options.signal?.aborted === true;
      if (isCallersWish || !on.includes(classify(error))) throw error;
      this.#used++;
      if (events.heard) events.emit({ kind: 'fallback', error });
      return fallback(error);
    });
  }

  state() {
    return { used: this.#used };
  }

  reconfigure(configuration: FallbackConfiguration): void {
    this.configuration = configuration;
  }
}

export interface FallbackOptions<T> {
  /** What to answer instead of the error. What it throws is what the caller gets. */
  readonly fallback?: ((error: unknown) => T | Promise<T>) | undefined;
}

import type { ErrorClass } from '../errors/error-class.js';
import { warn } from './warning.js';

/** What happened in a pipeline. `dependency` is its name; durations are in milliseconds. */
export type ResilienceEvent =
  | { readonly kind: 'call'; readonly outcome: 'answered' | ErrorClass; readonly tookMs: number }
  | {
      readonly kind: 'attempt';
      readonly attempt: number;
      readonly outcome: 'answered' | ErrorClass;
      readonly tookMs: number;
    }
  | { readonly kind: 'refused'; readonly policy: string; readonly code: string }
  /** A call that had to wait in line has got its slot. */
  | { readonly kind: 'admitted'; readonly policy: string; readonly waitedMs: number }
  | { readonly kind: 'timed-out'; readonly policy: string; readonly timeoutMs: number }
  | { readonly kind: 'retry'; readonly attempt: number; readonly delayMs: number; readonly error: unknown }
  | { readonly kind: 'given-up'; readonly attempt: number; readonly why: GivenUp; readonly error: unknown }
  | { readonly kind: 'hedge'; readonly attempt: number }
  | { readonly kind: 'fallback'; readonly error: unknown }
  | { readonly kind: 'breaker'; readonly from: string; readonly to: string; readonly why: string }
  | { readonly kind: 'limit'; readonly from: number; readonly to: number };

/** Why a failed call that could be asked again was not. */
export type GivenUp = 'attempts' | 'budget' | 'deadline' | 'retry-after';

export type Listener = (event: ResilienceEvent & { readonly dependency: string }) => void;

/** Costs nothing while nobody listens: ask `heard` before an event is made. */
export class Events {
  #listeners: readonly Listener[] = [];

  constructor(private readonly dependency: string) {}

  get heard(): boolean {
    return this.#listeners.length > 0;
  }

  /** @returns ends the subscription */
  subscribe(listener: Listener): () => void {
    const own: Listener = event => listener(event);
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter(other => other !== own);
    };
  }

  /** What a listener throws, or rejects with later, is a warning of the process: watching a call must not fail it. */
  emit(event: ResilienceEvent): void {
    const failed = (error: unknown) => warn(`a listener to ${this.dependency} failed`, error);
    for (const listener of this.#listeners) {
      try {
        const told: unknown = listener({ ...event, dependency: this.dependency });
        // The types let an async function pass for a listener.
        if (typeof told === 'object' && told !== null) Promise.resolve(told).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}

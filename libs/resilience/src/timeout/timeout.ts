import type { Call, Next } from '../call/call.js';
import { ExpiryQueue } from '../clock/expiry-queue.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';
import { TimedOut } from './with-timeout.js';

/** `timeout` bounds a whole call, with its retries and its waiting; `attemptTimeout` a single attempt. */
export interface TimeoutConfiguration<Kind extends string = 'timeout' | 'attemptTimeout'> {
  readonly policy: Kind;
  readonly timeoutMs: number;
}

/**
 * Answers the caller with `TimedOut` in time, and aborts the work's signal. It counts the smaller of its own time and
 * what an outer limit or the call's deadline leaves.
 */
export class Timeout<Kind extends 'timeout' | 'attemptTimeout' = 'timeout'> extends Policy<
  TimeoutConfiguration<Kind>
> {
  #pending: ExpiryQueue<Call>;
  #timeouts = 0;

  constructor(configuration: TimeoutConfiguration<Kind>, given?: Partial<Surroundings>) {
    super(configuration, surroundings(given));
    this.#pending = this.#queueOf(configuration);
  }

  execute(call: Call, next: Next): Promise<unknown> {
    const pending = this.#pending;
    const nowMs = this.surroundings.clock.elapsedMs();
    const dueMs = nowMs + pending.timeoutMs;
    // Whoever set the shorter time watches it.
    if (call.dueMs <= dueMs) return next(call);
    call.dueMs = dueMs;
    const entry = pending.add(call, nowMs);
    return next(call).then(
      value => {
        pending.remove(entry);
        return value;
      },
      (error: unknown) => {
        pending.remove(entry);
        throw error;
      },
    );
  }

  state() {
    return { timeoutMs: this.configuration.timeoutMs, timeouts: this.#timeouts };
  }

  /** Calls that are under way keep the time that they were given. */
  reconfigure(configuration: TimeoutConfiguration<Kind>): void {
    this.#pending = this.#queueOf(configuration);
    this.configuration = configuration;
  }

  #queueOf({ policy, timeoutMs }: TimeoutConfiguration<Kind>): ExpiryQueue<Call> {
    checkNumbers(policy, { timeoutMs }, 'a time, from 1 ms');
    return new ExpiryQueue<Call>(this.surroundings.clock, timeoutMs, call => {
      const { events } = this.surroundings;
      this.#timeouts++;
      if (events.heard) events.emit({ kind: 'timed-out', policy, timeoutMs });
      call.cancel(new TimedOut(timeoutMs, call.begun));
    });
  }
}

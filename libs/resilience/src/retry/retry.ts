import type { Call, Next } from '../call/call.js';
import { pause } from '../call/pause.js';
import { DeadlinePassed, Refused } from '../errors/refused.js';
import type { GivenUp } from '../policy/events.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';
import { retryAfterMsOf } from './retry-after.js';
import { checkBudget, RetryBudget, type RetryBudgetConfiguration } from './retry-budget.js';
import { retryDelayMs } from './retry-delay.js';

export interface RetryConfiguration {
  readonly policy: 'retry';
  /** The first one counts: 1 is no retry. */
  readonly attemptsMax: number;
  /** At most this long before the second attempt; it doubles from attempt to attempt. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** A dependency that asks for a longer pause than this is not waited for. @default maxMs */
  readonly retryAfterMaxMs?: number;
  /** Also ask again when the outcome is unknown: for calls that are idempotent, and only for them. @default false */
  readonly unknownToo?: boolean;
  /** How many calls may be repeated; a pipeline may be given one to share instead. */
  readonly budget?: RetryBudgetConfiguration;
}

/**
 * Makes the call again while its error is transient: after a growing pause with full jitter, not before the time that
 * the dependency asks for, and only if that is before the call's deadline and the budget allows it. What a policy
 * refused is not asked again: that would only use up the refused one's time.
 */
export class Retry extends Policy<RetryConfiguration> {
  #retries = 0;
  /** Made from the configuration; one that was given is configured by whoever gave it. */
  #own: RetryBudget | null = null;

  /** @param shared a budget to share with others, in place of one of its own */
  constructor(
    configuration: RetryConfiguration,
    given?: Partial<Surroundings>,
    private readonly shared: RetryBudget | null = null,
  ) {
    super(configuration, surroundings(given));
    check(configuration);
    this.#configureBudget(configuration);
  }

  execute(call: Call, next: Next): Promise<unknown> {
    this.#budget?.deposit();
    const attempt = call.child(1);
    return next(attempt).then(
      value => {
        call.leave(attempt);
        return value;
      },
      (error: unknown) => {
        call.leave(attempt);
        return this.#again(call, next, error);
      },
    );
  }

  state() {
    return { ...this.configuration, retries: this.#retries, budgetSaved: this.#budget?.saved ?? null };
  }

  reconfigure(configuration: RetryConfiguration): void {
    check(configuration);
    this.#configureBudget(configuration);
    this.configuration = configuration;
  }

  get #budget(): RetryBudget | null {
    return this.shared ?? this.#own;
  }

  #configureBudget({ budget }: RetryConfiguration): void {
    if (this.shared !== null || budget === undefined) return;
    if (this.#own === null) this.#own = new RetryBudget(budget, this.surroundings.clock);
    else this.#own.reconfigure(budget);
  }

  async #again(call: Call, next: Next, first: unknown): Promise<unknown> {
    let error = first;
    /** If one attempt may have taken effect, a later one that did not changes nothing about that. */
    let unclear: { readonly error: unknown } | null = null;
    for (let made = 1; ; made++) {
      if (call.cancelled) throw call.reason;
      const kind = this.surroundings.classify(error);
      if (kind === 'unknown') unclear ??= { error };
      if (kind === 'rejected' && !(error instanceof DeadlinePassed)) throw error;
      if (kind === 'bug') throw error;
      const pauseMs = this.#pauseMs(call, made, error, kind === 'unknown');
      if (pauseMs === null) throw unclear === null ? error : unclear.error;
      this.#retries++;
      const { events } = this.surroundings;
      const attempt = call.child(call.nextAttempt());
      if (events.heard) events.emit({ kind: 'retry', attempt: attempt.attempt, delayMs: pauseMs, error });
      try {
        await pause(call, pauseMs);
        return await next(attempt);
      } catch (next) {
        error = next;
      } finally {
        call.leave(attempt);
      }
    }
  }

  /** How long to wait before asking again; null when not to. */
  #pauseMs(call: Call, made: number, error: unknown, isUnknown: boolean): number | null {
    const { attemptsMax, baseMs, maxMs, retryAfterMaxMs = maxMs, unknownToo = false } = this.configuration;
    if (error instanceof Refused || error instanceof DeadlinePassed) return null;
    if (isUnknown && !(unknownToo && call.options.idempotent === true)) return null;
    if (made >= attemptsMax) return this.#giveUp('attempts', made, error);

    const { clock, random } = this.surroundings;
    const askedMs = retryAfterMsOf(error, clock.epochMs()) ?? 0;
    if (askedMs > retryAfterMaxMs) return this.#giveUp('retry-after', made, error);
    const pauseMs = Math.max(askedMs, retryDelayMs({ attempt: made, baseMs, maxMs, random }));
    if (clock.elapsedMs() + pauseMs >= call.dueMs) return this.#giveUp('deadline', made, error);
    if (this.#budget?.withdraw() === false) return this.#giveUp('budget', made, error);
    return pauseMs;
  }

  #giveUp(why: GivenUp, attempt: number, error: unknown): null {
    const { events } = this.surroundings;
    if (events.heard) events.emit({ kind: 'given-up', attempt, why, error });
    return null;
  }
}

function check({ attemptsMax, baseMs, maxMs, retryAfterMaxMs = maxMs, budget }: RetryConfiguration): void {
  checkNumbers('retry', { attemptsMax }, 'whole, from 1');
  checkNumbers('retry', { baseMs, maxMs }, 'a time, from 1 ms');
  if (baseMs > maxMs) throw new RangeError(`retry: baseMs is ${baseMs}; it can be maxMs at most, ${maxMs}`);
  checkNumbers('retry', { retryAfterMaxMs }, '0 or more');
  if (budget !== undefined) checkBudget(budget);
}

import type { Call, Next } from '../call/call.js';
import { type Entry, ExpiryQueue } from '../clock/expiry-queue.js';
import type { ErrorClass } from '../errors/error-class.js';
import { DeadlinePassed, Refused } from '../errors/refused.js';
import { checkNumbers } from '../policy/numbers.js';
import { Policy, type Surroundings, surroundings } from '../policy/policy.js';
import type { RetryBudget } from '../retry/retry-budget.js';

export interface HedgeConfiguration {
  readonly policy: 'hedge';
  /** How long to wait for an answer before asking once more; the 95th percentile of the times is a good choice. */
  readonly delayMs: number;
  /** How often to ask once more. @default 1 */
  readonly extraMax?: number;
}

/**
 * Asks once more while the first answer is late, and takes the first that comes; the others are aborted. For calls that
 * are `idempotent` only: others go through as they are. An attempt that fails brings the next forward.
 */
export class Hedge extends Policy<HedgeConfiguration> {
  #late: ExpiryQueue<Race>;
  #hedges = 0;

  /** @param budget how many may be asked once more; shared with retries */
  constructor(
    configuration: HedgeConfiguration,
    given?: Partial<Surroundings>,
    private readonly budget: RetryBudget | null = null,
  ) {
    super(configuration, surroundings(given));
    this.#late = this.#queueOf(configuration);
  }

  execute(call: Call, next: Next): Promise<unknown> {
    // An outer retry has counted the call already.
    if (call.parent === null) this.budget?.deposit();
    if (call.options.idempotent !== true) return next(call);
    return new Promise((resolve, reject) => new Race(call, next, this.#rules(), resolve, reject).begin());
  }

  state() {
    return { ...this.configuration, hedges: this.#hedges };
  }

  reconfigure(configuration: HedgeConfiguration): void {
    this.#late = this.#queueOf(configuration);
    this.configuration = configuration;
  }

  #queueOf(configuration: HedgeConfiguration): ExpiryQueue<Race> {
    check(configuration);
    return new ExpiryQueue(this.surroundings.clock, configuration.delayMs, race => race.askMore());
  }

  #rules(): Rules {
    const { extraMax = 1 } = this.configuration;
    const { events, classify } = this.surroundings;
    return {
      late: this.#late,
      attemptsMax: 1 + extraMax,
      classify,
      mayAskMore: () => this.budget?.withdraw() !== false,
      asks: attempt => {
        this.#hedges++;
        if (events.heard) events.emit({ kind: 'hedge', attempt });
      },
    };
  }
}

interface Rules {
  /** Where it waits for answers that are late. */
  readonly late: ExpiryQueue<Race>;
  readonly attemptsMax: number;
  classify(error: unknown): ErrorClass;
  mayAskMore(): boolean;
  /** Tells of one more attempt. */
  asks(attempt: number): void;
}

/** The attempts at one call. */
class Race {
  readonly #attempts = new Set<Call>();
  #started = 0;
  #waiting: Entry<Race> | null = null;
  #isOver = false;
  /** The first error after which it may have happened. */
  #unclear: { readonly error: unknown } | null = null;
  /** The last error of an attempt that was not too late to be made. */
  #made: { readonly error: unknown } | null = null;

  constructor(
    private readonly call: Call,
    private readonly next: Next,
    private readonly rules: Rules,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  begin(): void {
    this.#start(this.call.attempt);
  }

  #start(number: number): void {
    const attempt = this.call.child(number);
    this.#started++;
    this.#attempts.add(attempt);
    this.#stopWaiting();
    if (this.#started < this.rules.attemptsMax) this.#waiting = this.rules.late.add(this);
    this.next(attempt).then(
      value => this.#answered(attempt, value),
      (error: unknown) => this.#failed(attempt, error),
    );
  }

  /** @returns whether it did */
  askMore(): boolean {
    if (this.call.cancelled || this.#started >= this.rules.attemptsMax) return false;
    if (!this.rules.mayAskMore()) return false;
    const number = this.call.nextAttempt();
    this.rules.asks(number);
    this.#start(number);
    return true;
  }

  #answered(attempt: Call, value: unknown): void {
    this.#attempts.delete(attempt);
    this.call.leave(attempt);
    if (this.#isOver) return;
    this.#end();
    this.resolve(value);
  }

  #failed(attempt: Call, error: unknown): void {
    this.#attempts.delete(attempt);
    this.call.leave(attempt);
    if (this.#isOver) return;
    const kind = this.rules.classify(error);
    if (kind === 'unknown') this.#unclear ??= { error };
    // That it was too late for this attempt says nothing about those that were made.
    const isTooLate = error instanceof DeadlinePassed;
    if (!isTooLate) this.#made = { error };
    const isDefinite = (kind === 'rejected' && !isTooLate) || kind === 'bug';
    if (!this.call.cancelled && !isDefinite) {
      // The others may still answer; and what was refused here, or too late, would be so again.
      if (this.#attempts.size > 0) return;
      if (!isTooLate && !(error instanceof Refused) && this.askMore()) return;
    }
    this.#end();
    this.reject(isDefinite ? error : this.#outcome(error));
  }

  /** What the call came to, when its last attempt failed with this. */
  #outcome(error: unknown): unknown {
    if (this.#unclear !== null) return this.#unclear.error;
    if (!(error instanceof DeadlinePassed) || !this.call.begun) return error;
    // "The call was not made" would be wrong.
    if (this.call.cancelled) return this.call.reason;
    return this.#made === null ? error : this.#made.error;
  }

  #end(): void {
    this.#isOver = true;
    this.#stopWaiting();
    for (const attempt of this.#attempts) {
      this.call.leave(attempt);
      attempt.cancel(new AnsweredElsewhere());
    }
  }

  #stopWaiting(): void {
    if (this.#waiting !== null) this.rules.late.remove(this.#waiting);
    this.#waiting = null;
  }
}

/** Why the slower attempts are aborted. */
export class AnsweredElsewhere extends Error {
  constructor() {
    super('another attempt at the same call was faster');
    this.name = 'AnsweredElsewhere';
  }
}

function check({ delayMs, extraMax = 1 }: HedgeConfiguration): void {
  checkNumbers('hedge', { delayMs }, '0 or more');
  checkNumbers('hedge', { extraMax }, 'whole, from 1');
}

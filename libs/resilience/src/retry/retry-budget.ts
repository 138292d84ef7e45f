import { type Clock, systemClock } from '../clock/clock.js';
import { checkNumbers } from '../policy/numbers.js';

export interface RetryBudgetConfiguration {
  /** Retries per call: 0.1 allows one for every ten calls. */
  readonly ratio: number;
  /** Retries per second that are allowed however few calls there are. */
  readonly perSecond: number;
  /** How many may be saved up, and how many there are at first: 1 or more, as a retry takes a whole one. */
  readonly savedMax: number;
}

/**
 * How often calls to one dependency may be repeated, retries and hedges together, whoever makes them: share one among
 * all that call it. A dependency that fails every call then sees little more than one attempt per call, instead of all
 * retries at once when it can bear them least (the idea is that of Finagle's RetryBudget).
 */
export class RetryBudget {
  #saved: number;
  #filledMs: number;

  constructor(
    private configuration: RetryBudgetConfiguration,
    private readonly clock: Clock = systemClock,
  ) {
    checkBudget(configuration);
    this.#saved = configuration.savedMax;
    this.#filledMs = clock.elapsedMs();
  }

  /** A call is made for the first time. */
  deposit(): void {
    this.#saved += this.configuration.ratio;
  }

  /** @returns whether it may be made once more; then that is taken from the budget */
  withdraw(): boolean {
    this.#fill();
    // Ten deposits of 0.1 are a little less than 1.
    if (this.#saved < 1 - 1e-9) return false;
    this.#saved = Math.max(0, this.#saved - 1);
    return true;
  }

  /**
   * What was withdrawn was not needed, or was well spent: the dependency answered. For callers whose attempts are few
   * and last for long, as those that a database remembers: when the dependency is back it is not the budget that holds
   * them up.
   */
  giveBack(): void {
    this.#saved++;
  }

  /** How many retries could be made at once. */
  get saved(): number {
    this.#fill();
    return this.#saved;
  }

  reconfigure(configuration: RetryBudgetConfiguration): void {
    checkBudget(configuration);
    this.#fill();
    this.configuration = configuration;
    this.#saved = Math.min(this.#saved, configuration.savedMax);
  }

  /** What was saved for the time that has passed; and of everything no more than may be saved. */
  #fill(): void {
    const { perSecond, savedMax } = this.configuration;
    const nowMs = this.clock.elapsedMs();
    this.#saved = Math.min(savedMax, this.#saved + ((nowMs - this.#filledMs) / 1_000) * perSecond);
    this.#filledMs = nowMs;
  }
}

/** @throws RangeError for a number that makes no sense */
export function checkBudget({ ratio, perSecond, savedMax }: RetryBudgetConfiguration): void {
  checkNumbers('retry budget', { ratio, perSecond }, '0 or more');
  checkNumbers('retry budget', { savedMax }, '1 or more');
}

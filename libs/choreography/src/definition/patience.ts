import { longestMs } from '@ballast/contracts';

/** How patient participants are with their own operations, and the watcher with everybody. */
export interface Patience {
  /** From a refusal to the next attempt, in milliseconds: doubled each time, `retryMaxMs` at most. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** Each time that so many attempts have been refused, the operation is parked. */
  readonly parkAfterAttempts: number;
  /** From its deadline or its decision on, an order that nothing is heard of for so long is shown as parked. */
  readonly quietMs: number;
}

/** What is refused is tried for eight minutes; silence is noticed after one. */
export const defaultPatience: Patience = {
  retryMs: 200,
  retryMaxMs: 30_000,
  parkAfterAttempts: 20,
  quietMs: 60_000,
};

export function patienceOf(settings: Partial<Patience>, defaults: Patience = defaultPatience): Patience {
  const patience = { ...defaults, ...settings };
  for (const [name, value] of Object.entries(patience)) {
    if (!Number.isInteger(value) || value < 1 || value > longestMs)
      throw new RangeError(`${name} is ${value}: a whole number from 1 to ${longestMs}`);
  }
  return patience;
}

/** Milliseconds from the `attempts`-th attempt, which was refused, to the next. */
export const retryDelayMs = ({ retryMs, retryMaxMs }: Patience, attempts: number): number =>
  Math.min(retryMaxMs, retryMs * 2 ** (attempts - 1));

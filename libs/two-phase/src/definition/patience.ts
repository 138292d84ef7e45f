import { longestMs } from '@ballast/contracts';

/** How patient a coordinator is with each of its participants. */
export interface Patience {
  /** How long an attempt may stay unanswered, in milliseconds. */
  readonly timeoutMs: number;
  /** From a refusal to the next attempt, in milliseconds: doubled each time, `retryMaxMs` at most. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** Attempts to prepare a branch before everything is aborted. After the decision nothing gives up. */
  readonly attemptsMax: number;
  /** Each time that so many attempts of anything after the decision have failed, it is parked. */
  readonly parkAfterAttempts: number;
}

/** Prepared branches hold goods, or locks: give up after 15 s. What is decided is asked for 8 minutes, then parked. */
export const defaultPatience: Patience = {
  timeoutMs: 5_000,
  retryMs: 200,
  retryMaxMs: 30_000,
  attemptsMax: 3,
  parkAfterAttempts: 20,
};

export function patienceOf(settings: Partial<Patience>, defaults: Patience = defaultPatience): Patience {
  const patience = { ...defaults, ...settings };
  for (const [name, value] of Object.entries(patience)) {
    if (!Number.isInteger(value) || value < 1 || value > longestMs)
      throw new RangeError(`${name} is ${value}: a whole number from 1 to ${longestMs}`);
  }
  return patience;
}

/** The definition with this process's patience where it says nothing else than the library. */
export function withPatience<D extends { readonly patience: Patience }>(
  definition: D,
  settings: Partial<Patience>,
): D {
  const own = Object.entries(definition.patience).filter(
    ([name, value]) => value !== defaultPatience[name as keyof Patience],
  );
  return { ...definition, patience: patienceOf({ ...settings, ...Object.fromEntries(own) }) };
}

/** Milliseconds from the `attempts`-th attempt, which was refused, to the next. */
export const retryDelayMs = ({ retryMs, retryMaxMs }: Patience, attempts: number): number =>
  Math.min(retryMaxMs, retryMs * 2 ** (attempts - 1));

import { longestMs } from '@ballast/contracts';

/** How long to wait before the next attempt: `firstMs`, then `factor` times more each time, `maxMs` at most. */
export interface Backoff {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** How patient a step is. It holds for the step's operation and for its undo. */
export interface Policy {
  /** How long an attempt may stay unanswered. */
  readonly timeoutMs: number;
  readonly backoff: Backoff;
  /** Attempts of an undoable operation, before the saga gives up and compensates. No other operation gives up. */
  readonly attemptsMax: number;
  /** Each time that so many attempts of a pivot, a must-finish operation or an undo have failed, the step is parked. */
  readonly parkAfterAttempts: number;
}

/** What a definition may say about a step's patience; the rest are the defaults. */
export type PolicySettings = Partial<Omit<Policy, 'backoff'>> & { readonly backoff?: Partial<Backoff> };

/**
 * An undoable step gives up after about 15 s; what must not give up is asked for eight minutes before it is parked:
 * longer than a participant's restart, short enough for somebody to look on the same day.
 */
export const defaultPolicy: Policy = {
  timeoutMs: 5_000,
  backoff: { firstMs: 200, factor: 2, maxMs: 30_000 },
  attemptsMax: 3,
  parkAfterAttempts: 20,
};

export function policyOf(settings: PolicySettings, defaults: Policy): Policy {
  const policy = { ...defaults, ...settings, backoff: { ...defaults.backoff, ...settings.backoff } };
  const { timeoutMs, attemptsMax, parkAfterAttempts, backoff } = policy;
  for (const [name, value, least] of [
    ['timeoutMs', timeoutMs, 1],
    ['attemptsMax', attemptsMax, 1],
    ['parkAfterAttempts', parkAfterAttempts, 1],
    ['backoff.firstMs', backoff.firstMs, 0],
    ['backoff.maxMs', backoff.maxMs, backoff.firstMs],
  ] as const) {
    if (!Number.isInteger(value) || value < least || value > longestMs)
      throw new RangeError(`${name} is ${value}: a whole number from ${least} to ${longestMs}`);
  }
  const { factor } = backoff;
  if (!Number.isFinite(factor) || factor < 1) throw new RangeError(`backoff.factor is ${factor}: at least 1`);
  return policy;
}

/**
 * Milliseconds from a failed attempt, the `attempts`-th, to the next: between half and all of the exponential
 * backoff. The jitter comes from `seed` alone, so that the engine stays pure.
 */
export function delayMs({ firstMs, factor, maxMs }: Backoff, attempts: number, seed: string): number {
  // Infinity times nothing would be no number.
  const grown = Math.min(factor ** (attempts - 1), Number.MAX_VALUE);
  const fullMs = Math.min(maxMs, firstMs * grown);
  return Math.round(fullMs * (0.5 + 0.5 * fractionOf(`${seed}/${attempts}`)));
}

/** FNV-1a, 32 bits, with murmur3's last mix, as a fraction of 1: spreads well, and needs no import. */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Which messages are taken, by their own time. */
export interface Timeliness {
  /** Older messages are refused: the inbox may have forgotten them. */
  readonly horizonMs: number;
  /** Messages from further in the future are refused. */
  readonly clockSkewMaxMs: number;
}

/** Why a message is not to be taken at this time; null when it is. */
export function untimely(time: string, now: Date, { horizonMs, clockSkewMaxMs }: Timeliness): string | null {
  const ageMs = now.getTime() - Date.parse(time);
  if (ageMs > horizonMs)
    return `the message is older than the inbox remembers (${horizonMs} ms): it may be a double`;
  if (ageMs < -clockSkewMaxMs) return `the message is from the future by ${-ageMs} ms`;
  return null;
}

/** How far the clocks of two processes may be apart. */
export const clockSkewMaxMs = 5 * 60_000;

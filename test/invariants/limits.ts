/** What the judge takes for granted. All of it can be set: a verdict is worth as much as the evidence behind it. */
export interface Limits {
  /** Fewer orders than these prove nothing: an invariant that needs them is then unknown. */
  readonly completedMin: number;
  readonly cancelledMin: number;
  /** Steps that had happened and were undone. */
  readonly undoneMin: number;
  /** Faults that the run has injected, as it says itself. */
  readonly faultsMin: number;
  /**
   * An order that has not ended after this counts as stuck; how long an ended one took is not judged, as outages are
   * survived by waiting. Nothing may wait for longer than `restMs` on its way.
   */
  readonly endsWithinMs: number;
  readonly restMs: number;
  /** How long the judge waits for a stack to come to rest before it looks. */
  readonly settleWithinMs: number;
}

export const defaultLimits: Limits = {
  completedMin: 20,
  cancelledMin: 5,
  undoneMin: 5,
  faultsMin: 0,
  endsWithinMs: 60_000,
  restMs: 15_000,
  settleWithinMs: 30_000,
};

/** The kinds of evidence that an invariant can need. */
export type Need = 'completed' | 'cancelled' | 'undone';

/** What the judged stack has to offer of each. */
export type Evidence = Readonly<Record<Need | 'faults', number>>;

/** What is missing to prove an invariant; null when it is enough. */
export function lacking(needs: readonly Need[], found: Evidence, limits: Limits): string | null {
  const wanted = { completed: limits.completedMin, cancelled: limits.cancelledMin, undone: limits.undoneMin };
  const missing = needs.find(need => found[need] < wanted[need]);
  if (missing !== undefined) return `${found[missing]} ${names[missing]}, at least ${wanted[missing]} needed`;
  return found.faults < limits.faultsMin
    ? `${found.faults} faults injected, at least ${limits.faultsMin} needed`
    : null;
}

const names: Record<Need, string> = {
  completed: 'orders completed',
  cancelled: 'orders cancelled',
  undone: 'steps undone',
};

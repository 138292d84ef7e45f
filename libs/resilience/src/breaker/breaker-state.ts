export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'half-open'; readonly probing: number; readonly answered: number }
  /** Opened by hand: only a hand closes it. */
  | { readonly kind: 'isolated' };

/** Every way there is from one state to another. */
export const breakerTransitions: Readonly<Record<BreakerState['kind'], readonly BreakerState['kind'][]>> = {
  closed: ['open', 'isolated'],
  open: ['half-open', 'closed', 'isolated'],
  'half-open': ['closed', 'open', 'isolated'],
  isolated: ['closed'],
};

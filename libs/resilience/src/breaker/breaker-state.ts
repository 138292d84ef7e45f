export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'half-open'; readonly probing: number; readonly answered: number }
  /** It is back: more and more calls are let through at a time, from this moment on. */
  | { readonly kind: 'ramping'; readonly sinceMs: number }
  /** Opened by hand: only a hand closes it. */
  | { readonly kind: 'isolated' };

/** Every way there is from one state to another. */
export const breakerTransitions: Readonly<Record<BreakerState['kind'], readonly BreakerState['kind'][]>> = {
  closed: ['open', 'isolated'],
  open: ['half-open', 'closed', 'isolated'],
  'half-open': ['closed', 'ramping', 'open', 'isolated'],
  ramping: ['closed', 'open', 'isolated'],
  isolated: ['closed'],
};

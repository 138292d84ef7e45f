import type { Protocol } from './plan.js';

/** A mistake that is built in on purpose: the search has to find it. */
export type Mutant =
  /** Nothing is remembered of what was done, undone or refused. */
  | 'no barrier'
  /** The inventory answers its undo, and does nothing. */
  | 'undo forgotten'
  /** The decision is told before it is stored. */
  | 'decision not logged'
  /** An event that comes too early is forgotten. */
  | 'event dropped'
  /** A branch is prepared before its row is written. */
  | 'branch not registered'
  /** Whoever has waited for too long gives back what he holds, and asks nobody. */
  | 'decided alone';

/** The mutants that each protocol can be made into. */
export const mutantsOf: Readonly<Record<Protocol, readonly Mutant[]>> = {
  orchestrated: ['no barrier', 'undo forgotten'],
  choreographed: ['no barrier', 'undo forgotten', 'event dropped'],
  tcc: ['no barrier', 'undo forgotten', 'decision not logged', 'decided alone'],
  'two-phase': ['undo forgotten', 'decision not logged', 'branch not registered', 'decided alone'],
};

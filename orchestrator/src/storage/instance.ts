import * as saga from '@ballast/saga';
import * as twoPhase from '@ballast/two-phase';

/** A coordinator with what has happened to it, which its engine leaves alone. */
export type Coordinated = twoPhase.Instance & { readonly history: string };
export type CoordinatedState = twoPhase.State;

/**
 * What an order runs here: a saga, or a coordinator of try-confirm-cancel or two-phase commit. All are kept in the same
 * tables, so that a pass reads and writes them together, whatever it finds.
 */
export type Instance = saga.Instance | Coordinated;
export type State = saga.State | CoordinatedState;

export const isCoordinated = (instance: Instance): instance is Coordinated =>
  isCoordinatedState(instance.state);

export const isCoordinatedState = (state: State): state is CoordinatedState =>
  'branches' in (state.kind === 'parked' ? state.resumeAs : state);

export const hasEnded = (state: State): boolean =>
  isCoordinatedState(state) ? twoPhase.hasEnded(state) : saga.hasEnded(state);

/** When it has to be looked at again, if nothing comes before. */
export const nextDue = (instance: Instance): Date | null =>
  isCoordinated(instance) ? twoPhase.nextDue(instance) : saga.nextDue(instance);

/** Why it is being undone, was undone, or is parked; null otherwise. */
export const reasonOf = (state: State): string | null => ('reason' in state ? state.reason : null);

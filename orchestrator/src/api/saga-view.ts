import type { SagaStatus, SagaView } from '@ballast/contracts';
import { isOpen, type StepState, stepsOf } from '@ballast/saga';
import type { Flow } from '../sagas/flow.js';
import { isCoordinatedState, reasonOf, type State } from '../storage/instance.js';
import type { SagaRecord } from '../storage/saga-reader.js';
import { coordinatorStatus, coordinatorSteps, coordinatorWaits } from '../two-phase/coordinator-view.js';

/** An order's flow as people see it: every step of its definition, also those that have not begun. */
export function viewOf(record: SagaRecord, flow: Flow | undefined): SagaView {
  const { state } = record;
  const begun = isCoordinatedState(state) ? coordinatorSteps(state) : stepsOf(state).map(stepView);
  const names = new Set(begun.map(({ name }) => name));
  const ahead = flow?.steps.filter(name => !names.has(name)).map(name => ({ name, ...notBegun })) ?? [];
  return {
    id: record.orderId,
    protocol: flow?.protocol ?? null,
    definition: record.definition,
    version: record.version,
    state: statusOf(state),
    reason: reasonOf(state),
    steps: [...begun, ...ahead],
    startedAt: record.startedAt.toISOString(),
    endedAt: record.endedAt?.toISOString() ?? null,
  };
}

export const statusOf = (state: State): SagaStatus =>
  isCoordinatedState(state) ? coordinatorStatus[state.kind] : state.kind;

/** The steps without a definite answer. */
export function waitsOf(state: State): string[] {
  if (isCoordinatedState(state)) return coordinatorWaits(state);
  return stepsOf(state).flatMap(({ name, do: doing, undo }) => {
    if (undo !== undefined && isOpen(undo)) return [`undo of ${name}`];
    return isOpen(doing) ? [name] : [];
  });
}

const notBegun = { state: 'not begun', attempts: 0, undone: false };

function byHand(state: StepState['do'] | NonNullable<StepState['undo']>, done: 'done' | 'undone'): string {
  if (state.is === 'done') return state.byHand === true ? `${done} by hand` : done;
  return done === 'done' ? state.is : `undo ${state.is}`;
}

function stepView({ name, do: doing, undo }: StepState): SagaView['steps'][number] {
  const state = undo === undefined ? byHand(doing, 'done') : byHand(undo, 'undone');
  return { name, state, attempts: doing.attempts, undone: undo?.is === 'done' };
}

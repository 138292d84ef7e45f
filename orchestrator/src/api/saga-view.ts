import type { SagaView } from '@ballast/contracts';
import { type Definition, reasonOf, type StepState, stepsOf } from '@ballast/saga';
import type { SagaRecord } from '../storage/saga-reader.js';

/** A saga as people see it: every step of its definition, also those that have not begun. */
export function viewOf(record: SagaRecord, definition: Definition | undefined): SagaView {
  const begun = stepsOf(record.state);
  const ahead = definition?.steps.slice(begun.length).map(({ name }) => ({ name, ...notBegun })) ?? [];
  return {
    id: record.orderId,
    definition: record.definition,
    version: record.version,
    state: record.state.kind,
    reason: reasonOf(record.state),
    steps: [...begun.map(stepView), ...ahead],
    startedAt: record.startedAt.toISOString(),
    endedAt: record.endedAt?.toISOString() ?? null,
  };
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

import { type State, stepsOf } from '@ballast/saga';
import { type State as CoordinatorState, unparked } from '@ballast/two-phase';
import type { Dossier } from '../reading/dossier.js';
import { protocolOf } from '../reading/flow-record.js';
import { answerTo, flow } from '../reading/flow.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads what coordinates orders, barriers, and the answers on the topics. Of a cancelled order, each step that may have happened is
 * undone; of a completed one, none is. Nothing takes effect after its undo.
 */
export const undoneOnceAndForGood: Rule = {
  name: 'what was done for a cancelled order is undone, once and for good',
  needs: ['undone'],
  order(dossier, notes) {
    const { order } = dossier;
    if (order === null) return;
    if (order.status === 'CANCELLED') {
      expectUndone(dossier, notes);
      expectAsked(dossier, notes);
    } else expectNothingUndone(dossier, notes);
    checkAnswers(dossier, notes);
  },
};

/** Steps of an order that had happened and were undone: under two-phase commit, branches rolled back after their yes. */
export function undoneSteps(dossier: Dossier): number {
  const { barriers, saga } = dossier;
  const undone = barriers.filter(({ state }) => state === 'undone').length;
  const state = saga?.state as CoordinatorState | undefined;
  if (protocolOf(dossier) !== 'two-phase' || state?.kind !== 'aborted') return undone;
  return undone + state.branches.filter(({ prepare }) => prepare.is === 'yes').length;
}

function expectUndone({ id, barriers }: Dossier, notes: Notes): void {
  for (const step of flow.steps) {
    const barrier = barriers.find(({ operation }) => operation === step.do.type);
    const happened = barrier?.state === 'answered' && barrier.outcome === 'done';
    if (step.kind !== 'undoable') {
      if (happened) notes.violate(id, `${step.do.type} was done though the order is cancelled`);
      continue;
    }
    if (barrier?.state === 'undone') notes.count('stepsUndone');
    if (barrier?.state === 'tombstone') notes.count('stepsRefused');
    if (happened) notes.violate(id, `${step.do.type} was done and never undone`);
  }
}

/** Whoever may have done something was told to undo it, and has. */
function expectAsked(dossier: Dossier, notes: Notes): void {
  const { id, saga } = dossier;
  const protocol = protocolOf(dossier);
  if (saga === null || protocol === 'choreographed') return;
  const asked =
    protocol === 'orchestrated'
      ? stepsOf(saga.state as State).map(({ name, do: doing, undo }) => ({ name, is: doing.is, undo }))
      : unparked(saga.state as CoordinatorState).branches.map(({ name, prepare, abort }) => ({
          name,
          is: prepare.is,
          undo: abort,
        }));
  for (const { name, is, undo } of asked) {
    const mayHaveHappened = is === 'done' || is === 'yes' || is === 'unknown';
    if (mayHaveHappened && undo?.is !== 'done')
      notes.violate(id, `${name} may have happened (${is}), and its undo is ${undo?.is ?? 'not sent'}`);
  }
}

function expectNothingUndone({ id, barriers }: Dossier, notes: Notes): void {
  for (const { operation, state } of barriers) {
    if (state === 'undone' || state === 'tombstone')
      notes.violate(id, `completed, but ${operation} is ${state}`);
  }
}

/** All answers of an order stand on one partition, in the order in which they were given. */
function checkAnswers({ id, messages }: Dossier, notes: Notes): void {
  for (const step of flow.steps) {
    if (step.kind !== 'undoable') continue;
    let undone = false;
    for (const { type, outcome } of messages) {
      if (type === answerTo(step.undo.type) && outcome === 'done') undone = true;
      if (undone && type === answerTo(step.do.type) && outcome === 'done')
        notes.violate(id, `${step.do.type} was answered as done after its undo was`);
    }
  }
}

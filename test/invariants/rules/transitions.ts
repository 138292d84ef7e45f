import type { Step } from '@ballast/saga';
import { type State, stepsOf } from '@ballast/saga';
import type { Dossier } from '../reading/dossier.js';
import { recordOf } from '../reading/flow-record.js';
import { answerTo, flow, noticeType } from '../reading/flow.js';
import type { Notes, Rule } from '../rule.js';

/**
 * Reads the commands and answers of an order on the topics, and its saga. A step is asked for when everything before it
 * is done, or an operator has declared it so, undone only if it was asked for and never after the pivot's success; an end is never left.
 */
export const movesAreDeclared: Rule = {
  name: 'sagas move along their definition only',
  of: ['orchestrated'],
  needs: ['completed', 'undone'],
  order(dossier, notes) {
    const { id, saga, messages } = dossier;
    if (saga === null) return;
    notes.count('sagas');
    if (saga.definition !== flow.name)
      return notes.violate(id, `its definition ${saga.definition} is unknown here`);
    const sent = new Set(messages.map(({ type }) => type));
    const done = new Set(messages.filter(({ outcome }) => outcome === 'done').map(({ type }) => type));
    const byHand = recordOf('orchestrated', dossier)?.byHand;
    const isDone = ({ do: { type } }: Step) => done.has(answerTo(type)) || byHand?.has(type) === true;
    for (const step of flow.steps) checkStep(dossier, step, sent, isDone, notes);
    checkEnd(dossier, sent, notes);
  },
};

function checkStep(
  { id, saga }: Dossier,
  step: Step,
  sent: ReadonlySet<string>,
  isDone: (step: Step) => boolean,
  notes: Notes,
): void {
  if (!sent.has(step.do.type)) return;
  notes.count('steps');
  const before = flow.steps.filter(({ stage }) => stage < step.stage);
  const missing = before.find(earlier => !isDone(earlier));
  if (missing !== undefined) notes.violate(id, `${step.name} was asked for before ${missing.name} was done`);
  if (stepsOf(saga!.state as State).every(({ name }) => name !== step.name))
    notes.violate(id, `${step.name} was asked for, and its saga knows nothing of it`);
}

function checkEnd({ id, saga }: Dossier, sent: ReadonlySet<string>, notes: Notes): void {
  const { kind } = saga!.state;
  const finishing = flow.steps.filter(step => step.kind === 'must-finish' && sent.has(step.do.type));
  const undone = flow.steps.filter(step => step.kind === 'undoable' && sent.has(step.undo.type));
  notes.count('undos', undone.length);
  for (const step of undone) {
    if (!sent.has(step.do.type))
      notes.violate(id, `the undo of ${step.name} was sent, and the step never was`);
    if (finishing.length > 0)
      notes.violate(id, `${step.name} was undone, while ${finishing[0]!.name} had been asked for`);
  }
  const told = sent.has(noticeType);
  if (told && kind !== 'compensated')
    notes.violate(id, `its end was announced as cancelled, but it is ${kind}`);
  if (told && finishing.length > 0) notes.violate(id, `it was told to end both ways`);
  if (kind !== 'completed' && kind !== 'compensated') notes.violate(id, `it has ended as ${kind}`);
}

import type { Draft } from './draft.js';
import type { Event, Operation } from './event.js';
import type { Ask } from './instance.js';
import { compensate, doneByHand, sendAgain } from './moves.js';

export const operatorActions = ['retry', 'resume', 'force-forward', 'force-undo', 'cancel'] as const;
export type OperatorAction = (typeof operatorActions)[number];

/** An operator's force-undo; participants and deadlines have reasons of their own. */
export const forcedUndo = 'OPERATOR';

type Operated = Event & { kind: 'operator' };

/** Does what an operator asks for, or refuses it and says why. Either way it stands in the history. */
export function operated(draft: Draft, event: Operated): void {
  draft.record(null, 'o', { note: event.id });
  const refusal = draft.hasEnded ? `the saga has ended: it is ${draft.kind}` : acted(draft, event);
  draft.effects.push({ kind: 'ruled', id: event.id, action: event.action, refusal });
}

/** Why nothing was done; null when it was. */
function acted(draft: Draft, event: Operated): string | null {
  switch (event.action) {
    case 'retry':
      return sendEach(draft, ['waiting', 'stuck'], 'no step waits for another attempt');
    case 'resume':
      return sendEach(draft, ['stuck'], 'the saga is not parked');
    case 'force-forward':
      return forceForward(draft, event);
    case 'force-undo':
      return turnBack(draft, forcedUndo);
    case 'cancel':
      return turnBack(draft, 'CANCELLED');
  }
}

function sendEach(draft: Draft, which: readonly Ask['is'][], refusal: string): string | null {
  const asked = asksOf(draft).filter(({ is }) => which.includes(is as Ask['is']));
  for (const { index, operation } of asked) sendAgain(draft, index, operation);
  return asked.length === 0 ? refusal : null;
}

/** What is stuck counts as done: somebody has seen to it outside. */
function forceForward(draft: Draft, { step: name, reply = {} }: Operated): string | null {
  const stuck = asksOf(draft).filter(({ is }) => is === 'stuck');
  if (stuck.length === 0) return 'the saga is not parked';
  // As its step is called, or as what is stuck is shown.
  const named = stuck.filter(({ index, operation }) => {
    const step = draft.steps[index]!.name;
    return name === undefined || name === step || (operation === 'undo' && name === `undo of ${step}`);
  });
  const [found] = named;
  const names = stuck.map(({ index }) => `"${draft.steps[index]!.name}"`).join(' and ');
  if (found === undefined) return `"${name}" is not what is stuck: ${names} is`;
  if (named.length > 1) return `several steps are stuck: say which of ${names}`;
  if (found.operation === 'do') {
    const checked = draft.saga.steps[found.index]!.do.reply.safeParse(reply);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return `the reply that later steps rely on is not one of this step: ${issue?.path.join('.')}: ${issue?.message}`;
    }
    doneByHand(draft, found.index, 'do', checked.data);
  } else doneByHand(draft, found.index, 'undo', null);
  return null;
}

function turnBack(draft: Draft, reason: string): string | null {
  if (draft.kind === 'compensating') return `the saga is being undone already: ${draft.reason}`;
  if (!draft.mayTurnBack) {
    const pivot = draft.saga.steps.find(({ kind }) => kind === 'pivot')?.name;
    return `"${pivot}" has been sent: from there on the way is forward only`;
  }
  compensate(draft, reason);
  return null;
}

const operations: readonly Operation[] = ['do', 'undo'];

const asksOf = (draft: Draft) =>
  draft.steps.flatMap((state, index) =>
    operations.flatMap(operation => {
      const is = state[operation]?.is;
      return is === undefined ? [] : [{ index, operation, is }];
    }),
  );

import type { Draft } from './draft.js';
import type { Event } from './event.js';
import type { Ask } from './instance.js';
import { abort, sendAgain } from './moves.js';

/** The same as for sagas: operators need not know which protocol an order runs under. */
export const operatorActions = ['retry', 'resume', 'force-forward', 'force-undo', 'cancel'] as const;
export type OperatorAction = (typeof operatorActions)[number];

/** The reason of an operator's force-undo. */
export const forcedAbort = 'OPERATOR';

type Operated = Event & { kind: 'operator' };

/** Does what an operator asks for, or refuses it and says why. */
export function operated(draft: Draft, event: Operated): void {
  const { id, action } = event;
  const hasEnded = draft.kind === 'committed' || draft.kind === 'aborted';
  const refusal = hasEnded ? `it has ended: it is ${draft.kind}` : acted(draft, event);
  draft.effects.push({ kind: 'ruled', id, action, refusal });
}

/** Sends what is in one of these states at once; how many there were. */
export function sendEach(draft: Draft, which: readonly Ask['is'][]): number {
  const asks = draft.asks().filter(({ ask }) => which.includes(ask.is as Ask['is']));
  for (const { part, operation } of asks) sendAgain(draft, part, operation);
  return asks.length;
}

/** Why nothing was done; null when it was. */
function acted(draft: Draft, event: Operated): string | null {
  switch (event.action) {
    case 'retry':
      return sendEach(draft, ['waiting', 'stuck']) > 0 ? null : 'nothing waits for another attempt';
    case 'resume':
      return sendEach(draft, ['stuck']) > 0 ? null : 'it is not parked';
    case 'force-forward':
      return forceForward(draft, event.part);
    case 'force-undo':
      return turnBack(draft, forcedAbort);
    case 'cancel':
      return turnBack(draft, 'CANCELLED');
  }
}

/** What is stuck counts as done: somebody has seen to it outside. Only what is decided is ever stuck. */
function forceForward(draft: Draft, name: string | undefined): string | null {
  const stuck = draft.asks().filter(({ ask }) => ask.is === 'stuck');
  if (stuck.length === 0) return 'it is not parked';
  // As its part is called, or as what is stuck is shown.
  const named = stuck.filter(
    ({ part, operation }) => name === undefined || [part, `${operation} of ${part}`].includes(name),
  );
  const [found] = named;
  const names = stuck.map(({ part }) => `"${part}"`).join(' and ');
  if (found === undefined) return `"${name}" is not what is stuck: ${names} is`;
  if (named.length > 1) return `several parts are stuck: say which of ${names}`;
  const { part, operation, ask } = found;
  draft.set(part, operation, { is: 'done', attempts: ask.attempts, byHand: true });
  return null;
}

function turnBack(draft: Draft, reason: string): string | null {
  if (draft.kind === 'aborting') return `it is being undone already: ${draft.reason}`;
  if (draft.kind === 'committing') return 'it is decided that everything is done: the way is forward only';
  abort(draft, reason);
  return null;
}

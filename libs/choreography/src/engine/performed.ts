import type { Answer } from '@ballast/contracts';
import { pivotOf, type Reaction } from '../definition/definition.js';
import { retryDelayMs } from '../definition/patience.js';
import type { Draft } from './draft.js';
import type { Event } from './event.js';

/** The participant has answered: what it changed is announced, what it refused is tried again. */
export function performed(draft: Draft, { command, answer, changed }: Event & { kind: 'performed' }): void {
  const reaction = draft.reaction(command);
  const state = draft.reactions[command];
  if (reaction === undefined || state === undefined) {
    return draft.alarm('ANSWER_TO_NOTHING', `${command} was answered, and no reaction has asked for it`);
  }
  if (answer.outcome === 'refused') return refused(draft, reaction, answer.code);
  if (state.is !== 'asked') return;
  switch (answer.outcome) {
    case 'done':
      draft.set(command, { is: 'done' });
      return succeeded(draft, reaction, answer.reply, changed);
    case 'rejected':
      if (reaction.orElse === null) return refused(draft, reaction, answer.code);
      draft.set(command, { is: 'rejected', code: answer.code });
      if (changed) draft.emit(reaction.orElse, failureOf(answer));
      return;
    case 'aborted':
      draft.set(command, { is: 'aborted' });
      // One that is late says so. One that meets its undo has nothing to say: that is what the undo announces.
      if (changed && reaction.orElse !== null && draft.deadlinePassed)
        draft.emit(reaction.orElse, { reason: 'DEADLINE' });
  }
}

function succeeded(draft: Draft, reaction: Reaction, reply: unknown, changed: boolean): void {
  switch (reaction.kind) {
    case 'completes':
      return draft.finish('completed');
    case 'cancels':
      return draft.finish('cancelled');
    case 'undo':
      // Answered always, once, and passing on why: also where a do that was late has left its tombstone before, so that
      // the undo changes nothing.
      draft.emit(reaction.then!, draft.factsFor(reaction)![0]);
      return;
    default:
      if (changed) draft.emit(reaction.then!, reply);
  }
}

/** Not now. An undo on the pivot's side that meets a pivot which is done has come too late, and that is final. */
function refused(draft: Draft, reaction: Reaction, code: string): void {
  const { type } = reaction.command;
  const state = draft.reactions[type]!;
  if (state.is !== 'asked') return;
  const pivot = pivotOf(draft.choreography);
  if (reaction.kind === 'undo' && draft.reactions[pivot.command.type]?.is === 'done') {
    return draft.set(type, { is: 'too-late' });
  }
  const { attempts } = state;
  const { patience } = draft.choreography;
  if (attempts % patience.parkAfterAttempts === 0) {
    draft.set(type, { is: 'stuck', attempts, reason: code });
    draft.effects.push({ kind: 'parked', reason: `${type}: ${code}` });
  } else {
    draft.set(type, { is: 'waiting', attempts, dueAt: draft.now + retryDelayMs(patience, attempts) });
  }
}

const failureOf = ({ code, detail }: Answer & { outcome: 'rejected' }) => ({
  reason: code,
  ...(detail !== undefined && { detail }),
});

import type { Answer } from '@ballast/contracts';
import type { Step } from '../definition/definition.js';
import type { Draft } from './draft.js';
import type { Event, Operation } from './event.js';
import { type Ask, type DoState, isOpen, type StepState } from './instance.js';
import { compensate, fail, sendUndo } from './moves.js';

type Answered = Event & { kind: 'answered' };
type Definite = Exclude<Answer, { outcome: 'refused' }>;

/** An answer to a step of a saga that has not ended. */
export function answered(draft: Draft, event: Answered): void {
  const found = find(draft, event);
  if (found === undefined) return;
  const { index, step, state } = found;
  const answer = mayReject(step, event.operation) ? event.answer : asRefusal(event.answer);
  if (answer.outcome === 'refused') refused(draft, index, event, answer.code);
  else if (event.operation === 'undo') undone(draft, index, state);
  else if (isOpen(state.do) || state.do.is === 'unknown') settled(draft, index, state, answer);
  else repeated(draft, index, state.do, answer);
}

/**
 * An answer to a saga that has ended. Nothing goes on; but an undoable step that has happened after it was reported
 * as not done is undone even now.
 */
export function answeredAfterTheEnd(draft: Draft, event: Answered): void {
  const found = find(draft, event);
  if (found === undefined) return;
  const { index, step, state } = found;
  const answer = mayReject(step, event.operation) ? event.answer : asRefusal(event.answer);
  if (answer.outcome === 'refused') return;
  if (event.operation === 'undo') undone(draft, index, state);
  else if (!isOpen(state.do) && state.do.is !== 'unknown') repeated(draft, index, state.do, answer);
  const nowDone = draft.steps[index]!;
  if (
    draft.kind === 'compensated' &&
    step.kind === 'undoable' &&
    nowDone !== state &&
    nowDone.undo === undefined
  ) {
    sendUndo(draft, index);
  }
}

function find(draft: Draft, { step: name, operation }: Answered) {
  const index = draft.steps.findIndex(step => step.name === name);
  const state = draft.steps[index];
  const step = draft.saga.steps[index];
  if (state !== undefined && step !== undefined && state[operation] !== undefined)
    return { index, state, step };
  const detail = `the ${operation} of "${name}" was answered, but never sent`;
  draft.effects.push({ kind: 'alarm', alarm: 'ANSWER_TO_NOTHING', step: name, detail });
  return undefined;
}

/** Undos and what must finish know success only. */
const mayReject = (step: Step, operation: Operation) => operation === 'do' && step.kind !== 'must-finish';

function asRefusal(answer: Answer): Answer {
  if (answer.outcome === 'rejected') return { outcome: 'refused', code: answer.code };
  return answer.outcome === 'aborted' ? { outcome: 'refused', code: 'ABORTED' } : answer;
}

/** Transient: counts only for the attempt that is waited for. */
function refused(draft: Draft, index: number, { operation, attempt }: Answered, code: string): void {
  const ask = draft.steps[index]![operation];
  if (ask?.is === 'sent' && ask.attempts === attempt) fail(draft, index, operation, code);
}

function undone(draft: Draft, index: number, state: StepState): void {
  if (state.undo === undefined || !isOpen(state.undo)) return;
  draft.set(index, { ...state, undo: { is: 'done', attempts: state.undo.attempts } });
  draft.record(index, 'D');
}

/** The first definite answer to a step, whichever attempt it answers. */
function settled(draft: Draft, index: number, state: StepState, answer: Definite): void {
  const next = doStateOf(answer, state.do.attempts);
  draft.set(index, { ...state, do: next });
  recordSettled(draft, index, next);
  if (draft.kind !== 'running' || answer.outcome === 'done') return;
  compensate(draft, answer.outcome === 'rejected' ? answer.code : 'DEADLINE');
}

function recordSettled(draft: Draft, index: number, settled: Exclude<DoState, Ask>): void {
  if (settled.is === 'done') draft.record(index, 'd');
  else if (settled.is === 'aborted') draft.record(index, 'a');
  else if (settled.is === 'rejected') draft.record(index, 'r', { note: settled.code });
}

function doStateOf(answer: Definite, attempts: number): Exclude<DoState, Ask> {
  if (answer.outcome === 'done') return { is: 'done', attempts, reply: answer.reply };
  if (answer.outcome === 'aborted') return { is: 'aborted', attempts };
  return { is: 'rejected', attempts, code: answer.code, ...(answer.detail && { detail: answer.detail }) };
}

/** Another definite answer. The first one counts; only what can be undone, and has happened after all, is undone. */
function repeated(draft: Draft, index: number, first: Exclude<DoState, Ask>, answer: Definite): void {
  const state = draft.steps[index]!;
  const second = doStateOf(answer, first.attempts);
  // Once its undo has been sent, a do that is on its way is aborted, whatever an earlier attempt was answered.
  if ((second.is === 'aborted' && state.undo !== undefined) || same(first, second)) return;
  // Answers may overtake each other: that of an earlier attempt is from before the undo, which has undone what it did.
  if (first.is === 'aborted' && state.undo !== undefined) return;
  // What an operator has seen to may turn out to have happened by itself.
  if (first.is === 'done' && first.byHand === true && second.is === 'done') return;
  const detail = `first ${shown(first)}, then ${shown(second)}`;
  draft.effects.push({ kind: 'alarm', alarm: 'CONTRADICTING_ANSWERS', step: state.name, detail });
  const undoable = draft.saga.steps[index]!.kind === 'undoable';
  if (undoable && second.is === 'done' && first.is !== 'done') {
    draft.set(index, { ...state, do: second });
    recordSettled(draft, index, second);
  }
}

const same = (first: DoState, second: DoState): boolean =>
  first.is === second.is &&
  (first.is !== 'done' || equal(first.reply, (second as typeof first).reply)) &&
  (first.is !== 'rejected' || first.code === (second as typeof first).code);

/** Replies are JSON; one that was stored on the way may come back with its keys in another order. */
function equal(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other;
  const keys = Object.keys(one);
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === Object.keys(other).length &&
    keys.every(key => equal(one[key as never], other[key as never]))
  );
}

const shown = (state: DoState): string =>
  state.is === 'rejected' ? `rejected with ${state.code}` : state.is;

import type { Step } from '../definition/definition.js';
import { delayMs } from '../definition/policy.js';
import type { Draft } from './draft.js';
import type { Operation } from './event.js';
import { type Ask, isOpen, type StepState } from './instance.js';

/** Sends the commands of the next stage. */
export function beginStage(draft: Draft, stage: number): void {
  const done = draft.doneBefore(stage);
  for (const [index, step] of draft.saga.steps.entries()) {
    if (step.stage !== stage) continue;
    if (step.kind === 'pivot') draft.pivotIsSent();
    draft.set(index, { name: step.name, do: ask(draft, step, 1) });
    send(draft, index, 'do', 1, done);
  }
}

/** From here on every step that may have happened is undone. What has no definite answer yet is unknown. */
export function compensate(draft: Draft, reason: string): void {
  draft.compensate(reason);
  for (const [index, state] of draft.steps.entries()) {
    if (!isOpen(state.do)) continue;
    draft.set(index, { ...state, do: { is: 'unknown', attempts: state.do.attempts } });
    draft.record(index, 'u');
  }
}

/** The first attempt of a step's undo. */
export function sendUndo(draft: Draft, index: number): void {
  const step = stepAt(draft, index);
  draft.set(index, { ...stateAt(draft, index), undo: ask(draft, step, 1) });
  send(draft, index, 'undo', 1, draft.doneBefore(step.stage));
}

/** The next attempt of an operation that has no definite answer. */
export function sendAgain(draft: Draft, index: number, operation: Operation): void {
  const step = stepAt(draft, index);
  const state = stateAt(draft, index);
  const attempt = (state[operation]?.attempts ?? 0) + 1;
  draft.set(index, { ...state, [operation]: ask(draft, step, attempt) });
  send(draft, index, operation, attempt, draft.doneBefore(step.stage));
}

/** What is stuck counts as done, because an operator says so. */
export function doneByHand(draft: Draft, index: number, operation: Operation, reply: unknown): void {
  const state = stateAt(draft, index);
  const attempts = state[operation]?.attempts ?? 0;
  const done = { is: 'done', attempts, byHand: true } as const;
  draft.set(index, operation === 'do' ? { ...state, do: { ...done, reply } } : { ...state, undo: done });
  draft.record(index, operation === 'do' ? 'h' : 'H');
}

/** The newest attempt has failed: another later, or none any more. */
export function fail(draft: Draft, index: number, operation: Operation, reason: string): void {
  const step = stepAt(draft, index);
  const state = stateAt(draft, index);
  const attempts = state[operation]?.attempts ?? 0;
  const { backoff, attemptsMax, parkAfterAttempts } = step.policy;
  const isDo = operation === 'do';
  if (reason === 'TIMEOUT') draft.record(index, isDo ? 't' : 'T', { attempt: attempts });
  else draft.record(index, isDo ? 'f' : 'F', { attempt: attempts, note: reason });
  if (isDo && step.kind === 'undoable' && attempts >= attemptsMax) {
    compensate(draft, reason);
  } else if (!(isDo && step.kind === 'undoable') && attempts % parkAfterAttempts === 0) {
    draft.set(index, { ...state, [operation]: { is: 'stuck', attempts, reason } });
    draft.record(index, isDo ? 'p' : 'P', { note: reason });
    draft.effects.push({ kind: 'parked', step: step.name, operation, reason });
  } else {
    const dueAt = draft.now + delayMs(backoff, attempts, `${draft.instance.id}/${step.name}/${operation}`);
    draft.set(index, { ...state, [operation]: { is: 'waiting', attempts, dueAt } });
  }
}

function ask(draft: Draft, step: Step, attempts: number): Ask {
  return { is: 'sent', attempts, dueAt: draft.now + step.policy.timeoutMs };
}

function send(draft: Draft, index: number, operation: Operation, attempt: number, done: never): void {
  const step = stepAt(draft, index);
  draft.record(index, operation === 'do' ? 's' : 'S', { attempt });
  const input = draft.instance.input as never;
  const common = { kind: 'send', step: step.name, operation, attempt } as const;
  if (operation === 'do') {
    const deadlineAt = step.kind === 'undoable' ? draft.instance.deadlineAt : null;
    draft.effects.push({ ...common, command: step.do, data: step.with(input, done), deadlineAt });
  } else if (step.kind === 'undoable') {
    draft.effects.push({ ...common, command: step.undo, data: step.undoWith(input, done), deadlineAt: null });
  }
}

const stepAt = (draft: Draft, index: number): Step => draft.saga.steps[index]!;
const stateAt = (draft: Draft, index: number): StepState => draft.steps[index]!;

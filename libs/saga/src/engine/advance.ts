import type { Definition } from '../definition/definition.js';
import { answered, answeredAfterTheEnd } from './answers.js';
import { Draft } from './draft.js';
import type { Advanced, Event } from './event.js';
import { hasEnded, type Instance, type Instant } from './instance.js';
import { beginStage, fail, compensate, sendAgain, sendUndo } from './moves.js';
import { operated } from './operator.js';

export interface NewInstance<Input> {
  readonly id: string;
  /** Already checked against the definition's schema. */
  readonly input: Input;
  readonly deadlineAt: Instant | null;
}

/** A new instance. Pure. One whose deadline has passed ends at once, compensated. */
export function start<Input>(
  saga: Definition<Input>,
  beginning: NewInstance<Input>,
  now: Instant,
): Advanced<Input> {
  const draft = new Draft(saga, born(saga, beginning), now);
  moveOn(draft);
  return draft.seal() as Advanced<Input>;
}

/** An instance that ends before it begins, such as one that was cancelled before its start arrived. Pure. */
export function startCompensated<Input>(
  saga: Definition<Input>,
  beginning: NewInstance<Input>,
  reason: string,
  now: Instant,
): Advanced<Input> {
  const draft = new Draft(saga, born(saga, beginning), now);
  compensate(draft, reason);
  moveOn(draft);
  return draft.seal() as Advanced<Input>;
}

/** Pure: the same instance, event and time always give the same answer. */
export function advance<Input>(
  saga: Definition<Input>,
  instance: Instance<Input>,
  event: Event,
  now: Instant,
): Advanced<Input> {
  if (instance.definition !== saga.name || instance.version !== saga.version) {
    throw new TypeError(
      `instance ${instance.id} of ${instance.definition} ${instance.version} was advanced as ${saga.name} ${saga.version}`,
    );
  }
  const draft = new Draft(saga, instance, now);
  if (hasEnded(instance.state)) {
    if (event.kind === 'answered') answeredAfterTheEnd(draft, event);
    if (event.kind === 'operator') operated(draft, event);
  } else {
    take(draft, event);
    moveOn(draft);
  }
  return draft.seal() as Advanced<Input>;
}

function born<Input>(
  saga: Definition<Input>,
  { id, input, deadlineAt }: NewInstance<Input>,
): Instance<Input> {
  const state = { kind: 'running', pivot: 'ahead', steps: [] } as const;
  return { id, definition: saga.name, version: saga.version, input, deadlineAt, state, history: '' };
}

function take(draft: Draft, event: Event): void {
  switch (event.kind) {
    case 'answered':
      return answered(draft, event);
    case 'cancel':
      if (draft.mayTurnBack) compensate(draft, 'CANCELLED');
      return;
    case 'timer':
      if (draft.mayTurnBack && draft.deadlinePassed) compensate(draft, 'DEADLINE');
      return takeWhatIsDue(draft);
    case 'operator':
      return operated(draft, event);
  }
}

function takeWhatIsDue(draft: Draft): void {
  for (const index of draft.steps.keys()) {
    for (const operation of ['do', 'undo'] as const) {
      // Read anew: an earlier step that gave up may have ended this one too.
      const ask = draft.steps[index]?.[operation];
      if (ask === undefined || !('dueAt' in ask) || ask.dueAt > draft.now) continue;
      if (ask.is === 'sent') fail(draft, index, operation, 'TIMEOUT');
      else sendAgain(draft, index, operation);
    }
  }
}

/** Whatever follows without waiting for anybody: the next stage, the next undos, the end. */
function moveOn(draft: Draft): void {
  while (draft.kind === 'running' && draft.steps.every(({ do: doing }) => doing.is === 'done')) {
    const next = draft.saga.steps[draft.steps.length];
    if (next === undefined) return draft.finish({ kind: 'completed' });
    if (draft.mayTurnBack && draft.deadlinePassed) compensate(draft, 'DEADLINE');
    else beginStage(draft, next.stage);
  }
  if (draft.kind === 'compensating') undoTheLastStageThatNeedsIt(draft);
}

/** In reverse: a stage's undos begin when those of every later stage are done. */
function undoTheLastStageThatNeedsIt(draft: Draft): void {
  const { reason } = draft;
  for (let index = draft.steps.length - 1; index >= 0; index--) {
    sendUndoIfNeeded(draft, index);
    const { stage } = draft.saga.steps[index]!;
    const beginsStage = draft.saga.steps[index - 1]?.stage !== stage;
    if (beginsStage && draft.isUndoing(stage)) return;
  }
  draft.finish({ kind: 'compensated', reason });
}

function sendUndoIfNeeded(draft: Draft, index: number): void {
  const { do: doing, undo } = draft.steps[index]!;
  const step = draft.saga.steps[index]!;
  const mayHaveHappened = doing.is === 'done' || doing.is === 'unknown';
  if (step.kind === 'undoable' && mayHaveHappened && undo === undefined) sendUndo(draft, index);
}

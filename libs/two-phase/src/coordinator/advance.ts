import type { Definition } from '../definition/definition.js';
import { answered } from './answers.js';
import { Draft } from './draft.js';
import type { Advanced, Event } from './event.js';
import { hasEnded, type Instance, type Instant, isOpen } from './instance.js';
import { abort, commit, fail, sendAgain, sendFirst } from './moves.js';
import { operated, sendEach } from './operator.js';

export interface NewInstance<Input> {
  readonly id: string;
  /** Already checked against the definition's schema. */
  readonly input: Input;
  readonly deadlineAt: Instant | null;
}

/** A new instance: every branch is asked to prepare. Pure. One whose deadline has passed aborts at once. */
export function start<Input>(
  definition: Definition<Input>,
  beginning: NewInstance<Input>,
  now: Instant,
): Advanced<Input> {
  const draft = new Draft(definition, born(definition, beginning), now);
  if (draft.deadlinePassed) abort(draft, 'DEADLINE');
  else for (const { name } of definition.branches) sendFirst(draft, name, 'prepare');
  return seal(draft);
}

/**
 * An instance that is aborted before it begins: cancelled before its start arrived, or asked about by a participant
 * although nothing is known of it, which is to be stored before it is answered. Pure.
 */
export function startAborted<Input>(
  definition: Definition<Input>,
  beginning: NewInstance<Input>,
  reason: string,
  now: Instant,
): Advanced<Input> {
  const draft = new Draft(definition, born(definition, beginning), now);
  abort(draft, reason);
  return seal(draft);
}

/** Pure: the same instance, event and time always give the same answer. */
export function advance<Input>(
  definition: Definition<Input>,
  instance: Instance<Input>,
  event: Event,
  now: Instant,
): Advanced<Input> {
  if (instance.definition !== definition.name || instance.version !== definition.version) {
    throw new TypeError(
      `instance ${instance.id} of ${instance.definition} ${instance.version} was advanced as ${definition.name} ${definition.version}`,
    );
  }
  const draft = new Draft(definition, instance, now);
  take(draft, event);
  return seal(draft);
}

function born<Input>(
  definition: Definition<Input>,
  { id, input, deadlineAt }: NewInstance<Input>,
): Instance<Input> {
  const state = { kind: 'preparing', branches: [] } as const;
  return { id, definition: definition.name, version: definition.version, input, deadlineAt, state };
}

function seal<Input>(draft: Draft): Advanced<Input> {
  moveOn(draft);
  return draft.seal() as Advanced<Input>;
}

function take(draft: Draft, event: Event): void {
  if (event.kind === 'answered') return answered(draft, event);
  if (event.kind === 'asked') return asked(draft, event.part);
  if (event.kind === 'operator') return operated(draft, event);
  if (hasEnded(draft.instance.state)) return;
  switch (event.kind) {
    case 'cancel':
      if (draft.kind === 'preparing') abort(draft, 'CANCELLED');
      return;
    case 'timer':
      if (draft.kind === 'preparing' && draft.deadlinePassed) abort(draft, 'DEADLINE');
      return takeWhatIsDue(draft);
    case 'resume':
      sendEach(draft, ['stuck']);
  }
}

/** The answer is the decision, once more. Undecided, it is recorded first: nobody may hear two different ones. */
function asked(draft: Draft, part: string): void {
  if (!draft.definition.branches.some(({ name }) => name === part)) {
    return draft.alarm('ANSWER_TO_NOTHING', part, `"${part}", which is no branch, asked for the decision`);
  }
  if (draft.kind === 'preparing') {
    abort(draft, 'TIMEOUT');
    if (draft.branch(part)?.abort === undefined) draft.send(part, 'abort', 1);
    return;
  }
  const operation = draft.kind === 'committing' || draft.kind === 'committed' ? 'commit' : 'abort';
  const told = draft.branch(part)?.[operation];
  if (told !== undefined && isOpen(told)) return sendAgain(draft, part, operation);
  const attempts = (told?.attempts ?? 0) + 1;
  // It is done, and stays so; but every attempt that is sent is counted.
  if (told !== undefined) draft.set(part, operation, { ...told, attempts });
  draft.send(part, operation, attempts);
}

function takeWhatIsDue(draft: Draft): void {
  for (const { part, operation } of draft.asks()) {
    // Read anew: an earlier one that gave up may have ended this one too.
    const ask = draft.ask(part, operation);
    if (ask === undefined || !('dueAt' in ask) || ask.dueAt > draft.now) continue;
    if (ask.is === 'sent') fail(draft, part, operation, 'TIMEOUT');
    else sendAgain(draft, part, operation);
  }
}

/** Whatever follows without waiting for anybody: the decision, the next step, the end. */
function moveOn(draft: Draft): void {
  if (draft.kind === 'preparing' && draft.everyBranch(({ prepare }) => prepare.is === 'yes')) {
    if (draft.deadlinePassed) abort(draft, 'DEADLINE');
    else commit(draft);
  }
  if (draft.kind === 'aborting' && draft.branches.every(({ abort }) => abort === undefined || !isOpen(abort)))
    return draft.finish({ kind: 'aborted', reason: draft.reason });
  if (draft.kind !== 'committing') return;
  if (
    draft.everyBranch(({ commit }) => commit?.is === 'done') &&
    draft.afterwards.every(step => !isOpen(step.do))
  ) {
    const next = draft.definition.afterwards[draft.afterwards.length];
    if (next === undefined) draft.finish({ kind: 'committed' });
    else sendFirst(draft, next.name, 'do');
  }
}

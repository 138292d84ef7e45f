import type { Answer } from '@ballast/contracts';
import { appended, entryOf, type Happening } from '@ballast/saga';
import {
  type Advanced,
  type Asked,
  type Effect,
  type Event,
  type Operation,
  type State,
  unparked,
  type Vote,
} from '@ballast/two-phase';
import type { Coordinated } from '../storage/instance.js';

/*
 * What happened to a coordinator is kept in the text that sagas keep theirs in. There a step has an index, and a do and an
 * undo: here a part has two of them, one for its prepare, which its abort undoes, and one for its commit.
 */

interface Parts {
  /** Branches, then what follows on the commit. */
  readonly steps: readonly string[];
  readonly branches: readonly string[];
}

/** The history with what this event has changed; the same when it changed nothing. */
export function recorded(
  { steps }: Parts,
  { instance, effects }: Advanced,
  before: Coordinated | null,
  event: Event | null,
  now: number,
): string {
  const history = before?.history ?? '';
  if (instance === before && event?.kind !== 'operator') return history;
  const entry = (
    part: string,
    operation: Operation,
    letter: Letter,
    more: Parameters<typeof entryOf>[2] = {},
  ) =>
    entryOf(indexOf(steps.indexOf(part), operation), operation === 'abort' ? capital(letter) : letter, more);
  const entries = [
    ...happened(before?.state ?? null, event, now, entry),
    ...effects.map(effect => effectEntry(effect, instance.state, entry)),
  ].join('');
  return entries === '' ? history : appended(history, now, entries);
}

/** What an entry says, and of which part and operation. */
export function aboutOf({ step: index, operation, kind }: Happening, { steps, branches }: Parts) {
  // Sagas only ever decide to compensate; the note says what was decided here.
  const what = kind === 'compensating' ? 'decided' : kind;
  if (index === null) return { what, step: null, operation: null };
  const part = index >> 1;
  const step = steps[part] ?? `part ${part + 1}`;
  if (index % 2 === 1) return { what, step, operation: 'commit' } as const;
  if (operation === 'undo') return { what, step, operation: 'abort' } as const;
  return { what, step, operation: part < branches.length ? 'prepare' : 'do' } as const;
}

type Letter = 's' | 'd' | 'r' | 'a' | 't' | 'f' | 'p';
type Entry = (
  part: string,
  operation: Operation,
  letter: Letter,
  more?: Parameters<typeof entryOf>[2],
) => string;

const indexOf = (part: number, operation: Operation): number => 2 * part + (operation === 'commit' ? 1 : 0);

const capital = (letter: Letter) => letter.toUpperCase() as Uppercase<Letter>;

/** What came in: an answer, an operator's action, or time that has passed. */
function happened(before: State | null, event: Event | null, now: number, entry: Entry): string[] {
  if (event?.kind === 'operator') return [entryOf(null, 'o', { note: event.id })];
  if (before === null || event === null) return [];
  if (event.kind === 'answered') {
    const { part, operation, attempt, answer } = event;
    return [entry(part, operation, letterOf[answer.outcome], { attempt, note: codeOf(answer) })];
  }
  if (event.kind !== 'timer') return [];
  return asksOf(before).flatMap(({ part, operation, ask }) => {
    const isLate = ask.is === 'sent' && ask.dueAt <= now;
    return isLate ? [entry(part, operation, 't', { attempt: ask.attempts })] : [];
  });
}

const letterOf = { done: 'd', rejected: 'r', aborted: 'a', refused: 'f' } as const;

const codeOf = (answer: Answer): string | null => ('code' in answer ? answer.code : null);

function effectEntry(effect: Effect, state: State, entry: Entry): string {
  switch (effect.kind) {
    case 'decided': {
      const after = unparked(state);
      return entryOf(null, 'c', { note: 'reason' in after ? after.reason : effect.decision });
    }
    case 'send':
      return entry(effect.part, effect.operation, 's', { attempt: effect.attempt });
    case 'parked':
      return entry(effect.part, effect.operation, 'p', { note: effect.reason });
    case 'finished':
      return entryOf(null, 'e');
    default:
      return '';
  }
}

function asksOf(state: State): { part: string; operation: Operation; ask: Vote | Asked }[] {
  const active = unparked(state);
  const asks = active.branches.flatMap(branch =>
    (['prepare', 'commit', 'abort'] as const).map(operation => ({
      part: branch.name,
      operation: operation as Operation,
      ask: branch[operation],
    })),
  );
  const steps = 'afterwards' in active ? active.afterwards : [];
  return [
    ...asks,
    ...steps.map(({ name, do: ask }) => ({ part: name, operation: 'do' as const, ask })),
  ].flatMap(({ ask, ...about }) => (ask === undefined ? [] : [{ ...about, ask }]));
}

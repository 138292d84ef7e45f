import type { Instant } from './instance.js';

/*
 * What happened to an instance, in the order in which it was committed. It is kept as a text inside the instance, which is
 * written at each step anyway: two characters for most entries, a tenth more than the state alone.
 *
 *   mi8x3k2p 0.0s 5k.0d1s 8m.1t 1gq.1s*2*
 *
 * First the beginning, in milliseconds since 1970; then the moments, each with its milliseconds since the beginning; both in
 * base 36. An entry is the step's index (none for the saga as a whole), a letter (a capital for an undo), the attempt between
 * stars unless it is the first, and a note in quotes.
 */

const letters = {
  s: 'sent',
  d: 'done',
  r: 'rejected',
  a: 'aborted',
  t: 'timed out',
  f: 'refused',
  u: 'given up',
  p: 'parked',
  h: 'done by hand',
  c: 'compensating',
  e: 'ended',
  o: 'operator',
} as const;

type Letter = keyof typeof letters;
export type HappeningKind = (typeof letters)[Letter];

/** One thing that happened. */
export interface Happening {
  readonly at: Instant;
  /** The step's position in the definition; null for the saga as a whole. */
  readonly step: number | null;
  readonly operation: 'do' | 'undo';
  /** `left out` stands for those that made the history too long. */
  readonly kind: HappeningKind | 'left out';
  readonly attempt: number;
  /** A code: why it was refused, rejected or compensated; of an `operator`, the id of the action. */
  readonly note: string | null;
}

/** How many characters are kept: a few rounds of attempts, far below a page of the database. */
const charactersMax = 3_000;
const beginningCharacters = 800;
const endCharacters = 1_600;

/** An entry as it is kept. A note is cut to what needs no escaping anywhere. */
export function entryOf(
  step: number | null,
  letter: Letter | Uppercase<Letter>,
  { attempt = 1, note = null }: { attempt?: number; note?: string | null } = {},
): string {
  const noted = note === null ? '' : `'${note.slice(0, 40).replaceAll(/[^\w.:-]/g, '_')}'`;
  return `${step ?? ''}${letter}${attempt === 1 ? '' : `*${attempt}*`}${noted}`;
}

/** The history with what has happened at one more moment. */
export function appended(history: string, now: Instant, entries: string): string {
  if (history === '') return `${now.toString(36)} 0.${entries}`;
  const begunAt = Number.parseInt(history, 36);
  const longer = `${history} ${(now - begunAt).toString(36)}.${entries}`;
  return longer.length <= charactersMax ? longer : shortened(longer);
}

/** Without what lies between the first entries and the last ones. */
function shortened(history: string): string {
  const first = history.slice(0, history.lastIndexOf(' ', beginningCharacters)).replace(/ ~$/, '');
  return `${first} ~${history.slice(history.indexOf(' ', history.length - endCharacters))}`;
}

/** All that happened, in order. The order is that of the log; `at` is the clock's, and only for people. */
export function happeningsOf(history: string): Happening[] {
  const [beginning = '', ...moments] = history.split(' ');
  const begunAt = Number.parseInt(beginning, 36);
  let at = begunAt;
  return moments.flatMap((moment): Happening[] => {
    if (moment === '~')
      return [{ at, step: null, operation: 'do', kind: 'left out', attempt: 1, note: null }];
    const dot = moment.indexOf('.');
    at = begunAt + Number.parseInt(moment.slice(0, dot), 36);
    return [...moment.slice(dot + 1).matchAll(entry)].map(match => happeningOf(match, at));
  });
}

const entry = /(\d*)([a-zA-Z])(?:\*(\d+)\*)?(?:'([^']*)')?/g;

function happeningOf([, step = '', letter = '', attempt, note]: RegExpExecArray, at: Instant): Happening {
  const lower = letter.toLowerCase();
  return {
    at,
    step: step === '' ? null : Number(step),
    operation: letter === lower ? 'do' : 'undo',
    kind: letters[lower as Letter],
    attempt: attempt === undefined ? 1 : Number(attempt),
    note: note ?? null,
  };
}

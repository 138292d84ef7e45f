import {
  call,
  command,
  type Decision,
  done,
  Nothing,
  type OutsideAnswer,
  type OutsideCall,
  type ParticipantState,
  refused,
  rejected,
  text,
  wait,
} from '@ballast/contracts';
import { z } from 'zod';
import { mustFinish, on, type Participant, type ParticipantStorage, pivot, undoable } from './definition.js';

/*
 * A participant for tests, with an operation of every kind: a tool is taken from a shared shelf and given back, a key
 * is lent by the porter (an outside party) and returned, the job is done with it (the pivot), and the bill is sent.
 */

export const takeTool = command('workshop.take', {
  data: z.object({ tool: z.string(), count: z.int().min(1), note: z.string().default('') }),
  reply: z.object({ left: z.int(), note: z.string() }),
  rejects: ['NONE_LEFT', 'UNKNOWN_TOOL'],
});
export const giveToolBack = command('workshop.give-back', { data: Nothing, reply: Nothing });
export const lendKey = command('workshop.lend', {
  data: z.object({ door: text(20) }),
  reply: z.object({ key: z.string() }),
  rejects: ['NO_KEY'],
});
export const returnKey = command('workshop.return', { data: Nothing, reply: Nothing });
export const doJob = command('workshop.job', {
  data: z.object({ minutes: z.int() }),
  reply: z.object({ minutes: z.int() }),
  rejects: ['BOTCHED'],
});
export const sendBill = command('workshop.bill', { data: Nothing, reply: z.object({ number: z.string() }) });

export interface Job {
  readonly tool: string | null;
  readonly count: number;
  readonly key: 'none' | 'asked' | 'lent' | 'returned';
  readonly job: 'open' | 'asked' | 'done';
}
export interface Shelf {
  readonly left: number;
}
export type Line = string;
type State = ParticipantState<Job, Shelf, Line>;
export type Ask = OutsideCall<'porter', 'lend' | 'return' | 'open' | 'bill', { door: string }>;
type Decided<Reply, Code extends string = never> = Decision<State, Reply, Code, Ask>;

const nothingYet: Job = { tool: null, count: 0, key: 'none', job: 'open' };

function become(state: State, change: Partial<Job>, line: Line): State {
  return { ...state, own: { ...(state.own ?? nothingYet), ...change }, appended: [line] };
}

function take(
  state: State,
  { tool, count, note }: z.infer<typeof takeTool.data>,
): Decided<z.infer<typeof takeTool.reply>, 'NONE_LEFT' | 'UNKNOWN_TOOL'> {
  if (tool === 'dropped on the floor') throw new Error('clang');
  const shelf = state.shared.get(tool);
  if (shelf === undefined) return rejected('UNKNOWN_TOOL');
  if (shelf.left < count) return rejected('NONE_LEFT', `${shelf.left} left`);
  const left = shelf.left - count;
  const next = become(state, { tool, count }, `took ${count} ${tool}${note}`);
  return done({ ...next, shared: new Map([[tool, { left }]]) }, { left, note });
}

function giveBack(state: State): Decided<Record<string, never>> {
  const { tool, count } = state.own!;
  const shelf = state.shared.get(tool!)!;
  const toClean = state.shared.get('cleaning')!.left + count;
  const next = become(state, { tool: null, count: 0 }, `gave back ${count} ${tool}`);
  const shared = new Map([
    [tool!, { left: shelf.left + count }],
    ['cleaning', { left: toClean }],
  ]);
  return done({ ...next, shared }, {});
}

const lend = (state: State, { door }: { door: string }): Decided<{ key: string }, 'NO_KEY'> =>
  call(become(state, { key: 'asked' }, `asked for ${door}`), {
    party: 'porter',
    operation: 'lend',
    request: { door },
  });

const lent = (state: State, answer: OutsideAnswer): Decided<{ key: string }, 'NO_KEY'> =>
  answer.kind === 'accepted'
    ? done(become(state, { key: 'lent' }, 'lent'), answer.body as { key: string })
    : rejected('NO_KEY', answer.detail);

function giveKeyBack(state: State): Decided<Record<string, never>> {
  if (state.own?.job === 'asked') return wait;
  if (state.own?.job === 'done') return refused('TOO_LATE');
  return call(become(state, {}, 'returning'), {
    party: 'porter',
    operation: 'return',
    request: { door: '' },
  });
}

const keyBack = (state: State, answer: OutsideAnswer): Decided<Record<string, never>> =>
  answer.kind === 'accepted'
    ? done(become(state, { key: 'returned' }, 'returned'), {})
    : refused(answer.code);

function work(state: State, { minutes }: { minutes: number }): Decided<{ minutes: number }, 'BOTCHED'> {
  if (minutes === 0) return wait;
  if (state.own?.key === 'asked') return wait;
  return call(become(state, { job: 'asked' }, 'working'), {
    party: 'porter',
    operation: 'open',
    request: { door: '' },
  });
}

const worked = (
  state: State,
  answer: OutsideAnswer,
  { minutes }: { minutes: number },
): Decided<{ minutes: number }, 'BOTCHED'> =>
  answer.kind === 'accepted'
    ? done(become(state, { job: 'done' }, 'done'), { minutes })
    : { ...rejected('BOTCHED'), state: become(state, { job: 'open' }, 'botched') };

const bill = (state: State): Decided<{ number: string }> =>
  call(state, { party: 'porter', operation: 'bill', request: { door: '' } });

const billed = (state: State, answer: OutsideAnswer): Decided<{ number: string }> =>
  answer.kind === 'accepted'
    ? done(become(state, {}, 'billed'), answer.body as { number: string })
    : refused(answer.code);

export const workshopOf = (
  storage: ParticipantStorage<Job, Shelf, Line>,
): Participant<Job, Shelf, Line, Ask> => ({
  name: 'workshop',
  storage,
  keys: ({ type, data }, own) => {
    if (type === takeTool.type) return [(data as { tool: string }).tool];
    // What comes back is cleaned, which the do knows nothing of.
    return type === giveToolBack.type && own?.tool ? [own.tool, 'cleaning'] : [];
  },
  operations: [
    undoable(on(takeTool, take), on(giveToolBack, giveBack)),
    undoable(on(lendKey, lend, lent), on(returnKey, giveKeyBack, keyBack)),
    pivot(on(doJob, work, worked)),
    mustFinish(on(sendBill, bill, billed)),
  ],
});

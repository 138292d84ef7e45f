import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// README, from here
import { command, done, Nothing, rejected, type ParticipantState } from '@ballast/contracts';
import { on, undoable, type Participant, type ParticipantStorage } from './index.js';
import { z } from 'zod';

const takeSeat = command('cinema.take', {
  data: z.object({ seat: z.string() }),
  reply: Nothing,
  rejects: ['TAKEN'],
});
const freeSeat = command('cinema.free', { data: Nothing, reply: Nothing });

type Seat = { takenBy: string | null };
type State = ParticipantState<{ seat: string }, Seat>;

export const cinema = (
  storage: ParticipantStorage<{ seat: string }, Seat, never>,
): Participant<{ seat: string }, Seat> => ({
  name: 'cinema',
  storage,
  keys: ({ data }, own) => [own?.seat ?? (data as { seat: string }).seat],
  operations: [
    undoable(
      on(takeSeat, (state: State, { seat }, { orderId }) =>
        state.shared.get(seat)?.takenBy != null
          ? rejected('TAKEN')
          : done({ ...state, own: { seat }, shared: new Map([[seat, { takenBy: orderId }]]) }, {}),
      ),
      on(freeSeat, (state: State) =>
        done({ ...state, shared: new Map([[state.own!.seat, { takenBy: null }]]) }, {}),
      ),
    ),
  ],
});
// to here

test('the README shows the whole example, and nothing else', () => {
  const here = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example = ''] = /from here\n(.*?)\/\/ to here/s.exec(here) ?? [];
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const shown = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code);
  expect(shown).toEqual([example.replace(`'./index.js'`, `'@ballast/messaging'`)]);
});

test('the example takes a free seat, refuses one that is taken, and gives it back', () => {
  const [seats] = cinema({} as ParticipantStorage<{ seat: string }, Seat, never>).operations;
  if (seats?.rule !== 'undoable') throw new Error('no undo');
  const free: State = { own: undefined, shared: new Map([['7a', { takenBy: null }]]), appended: [] };
  const taken = { own: { seat: '7a' }, shared: new Map([['7a', { takenBy: 'ada' }]]), appended: [] };
  const take = (state: State) => seats.do.decide(state, { seat: '7a' }, { orderId: 'ada' });
  expect(take(free)).toEqual({ kind: 'done', state: taken, reply: {} });
  expect(take(taken)).toMatchObject({ kind: 'rejected', code: 'TAKEN' });
  const given = { ...taken, shared: free.shared };
  expect(seats.undo.decide(taken, {}, { orderId: 'ada' })).toEqual({ kind: 'done', state: given, reply: {} });
});

import {
  LaneServer,
  messagingMigrations,
  ParticipantHandler,
  participantMigrations,
  type PassContext,
  readTopic,
  type Work,
} from '@ballast/messaging';
import { createLogger } from '@ballast/platform';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { aMessage, eventually, sendTo } from './replica.js';

// README, from here
import { command, done, Nothing, rejected, type ParticipantState } from '@ballast/contracts';
import { on, undoable, type Participant, type ParticipantStorage } from '@ballast/messaging';
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

const database = await databaseForTest({ sets: [messagingMigrations, participantMigrations] });
const topics = await topicsForTest({
  names: ['cinema.commands', 'orchestrator.replies', 'dead-letters'],
  partitions: 2,
});
const logger = createLogger({ name: 'cinema', level: 'silent' });

/** Seats in a table of the test's own. */
const seats: ParticipantStorage<{ seat: string }, Seat, never> = {
  async loadOwn(tx, orderIds) {
    const { rows } = await tx.query<{ seat: string; taken_by: string }>({
      text: 'SELECT seat, taken_by FROM seat WHERE taken_by = ANY ($1)',
      values: [orderIds],
    });
    return new Map(rows.map(({ seat, taken_by }) => [taken_by, { seat }]));
  },
  async loadShared(tx, demand) {
    const { rows } = await tx.query<{ seat: string; taken_by: string | null }>({
      text: 'SELECT seat, taken_by FROM seat WHERE seat = ANY ($1) ORDER BY seat FOR NO KEY UPDATE',
      values: [[...demand.keys()]],
    });
    return {
      found: new Map(rows.map(({ seat, taken_by }) => [seat, { takenBy: taken_by }])),
      locked: new Set(),
    };
  },
  async save(tx, { shared }) {
    await tx.query({
      text: 'UPDATE seat s SET taken_by = n.taken_by FROM unnest($1::text[], $2::text[]) AS n (seat, taken_by) WHERE s.seat = n.seat',
      values: [[...shared.keys()], [...shared.values()].map(({ takenBy }) => takenBy)],
    });
  },
};

test('the README shows the whole example, and nothing else', () => {
  const here = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example = ''] = /from here\n(.*?)\/\/ to here/s.exec(here) ?? [];
  const readme = readFileSync(new URL('../../libs/messaging/README.md', import.meta.url), 'utf8');
  const shown = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code);
  expect(shown).toEqual([example]);
});

test('the example of the README answers commands, once each, whatever comes twice', async () => {
  await database.rows('CREATE TABLE seat (seat text PRIMARY KEY, taken_by text)');
  await database.rows("INSERT INTO seat VALUES ('A1')");
  const handler = new ParticipantHandler(cinema(seats), { alarm: alarm => expect(alarm).toBeNull() });
  const server = new LaneServer(
    { brokers: topics.brokers, clientId: 'cinema', topicPrefix: topics.prefix, logger },
    {
      service: 'cinema',
      topics: ['cinema.commands'],
      databaseUrl: database.url,
      laneCount: 2,
      // What was answered may be sent again when its lane moves.
      sessionTimeoutMs: 20_000,
    },
    handler,
    logger,
  );
  server.addHandler('cinema', (work: readonly Work[], { pass }: PassContext) => handler.process(work, pass));
  await new Promise<void>((resolve, reject) =>
    server.listen(error => (error === undefined ? resolve() : reject(error as Error))),
  );

  const [alice, bob] = [aMessage(), aMessage()];
  const take = { ...alice, type: 'cinema.take', data: { seat: 'A1' } };
  await sendTo(topics, 'cinema.commands', [take, take], 2);
  await sendTo(topics, 'cinema.commands', [{ ...bob, type: 'cinema.take', data: { seat: 'A1' } }], 2);
  const answers = await eventually(
    async () => {
      const records = await readTopic(topics.brokers, `${topics.prefix}orchestrator.replies`);
      return records.map(({ key, value }) => ({ key, data: JSON.parse(value!.toString()).data }));
    },
    seen => seen.length >= 2,
  );
  const outcomes = answers.map(({ data }) => data.outcome).sort();
  expect(answers).toHaveLength(2);
  expect(outcomes).toEqual(['done', 'rejected']);
  await server.close();
});

test('the example takes a free seat, refuses one that is taken, and gives it back', () => {
  const [seating] = cinema({} as ParticipantStorage<{ seat: string }, Seat, never>).operations;
  if (seating?.rule !== 'undoable') throw new Error('no undo');
  const free: State = { own: undefined, shared: new Map([['7a', { takenBy: null }]]), appended: [] };
  const taken = { own: { seat: '7a' }, shared: new Map([['7a', { takenBy: 'ada' }]]), appended: [] };
  const take = (state: State) => seating.do.decide(state, { seat: '7a' }, { orderId: 'ada' });
  expect(take(free)).toEqual({ kind: 'done', state: taken, reply: {} });
  expect(take(taken)).toMatchObject({ kind: 'rejected', code: 'TAKEN' });
  const given = { ...taken, shared: free.shared };
  expect(seating.undo.decide(taken, {}, { orderId: 'ada' })).toEqual({
    kind: 'done',
    state: given,
    reply: {},
  });
});

import { createLogger, firstIdAt, Housekeeping, openPool } from '@ballast/platform';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { ownDatabase } from '../storage/own-database.fixture.js';
import { messagingMigrations } from '../storage/statements.js';
import { participantChores } from './chores.js';
import { participantMigrations } from './tables.js';

const database = await ownDatabase([messagingMigrations, participantMigrations]);
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

const dayMs = 86_400_000;
/** Orders whose goods are still reserved, say: their saga may be parked. */
const unfinished = new Set<string>();
const housekeeping = new Housekeeping(
  pool,
  participantChores(
    {
      ORDER_STATE_RETENTION_MS: 7 * dayMs,
      INBOX_HORIZON_MS: 3 * dayMs,
      DEAD_LETTER_RETENTION_MS: dayMs,
      PURGE_INTERVAL_MS: 1_000,
    },
    orderIds => ({
      text: 'SELECT order_id FROM unnest($1::uuid[]) AS asked (order_id)',
      values: [orderIds.filter(id => !unfinished.has(id))],
    }),
  ),
  createLogger({ name: 'test', level: 'silent' }),
);

const randomOrder = (ageDays: number): string =>
  firstIdAt(Date.now() - ageDays * dayMs).slice(0, 24) + randomUUID().slice(24);

/** An order of this age, with two barriers that changed so many days ago. */
async function anOrder(ageDays: number, changedDays = ageDays, state = 'answered'): Promise<string> {
  const id = randomOrder(ageDays);
  await database.rows(
    `INSERT INTO barrier (order_id, operation, state, changed_at)
     VALUES ($1, 'a.do', $3, now() - make_interval(days => $2)), ($1, 'a.finish', 'answered', now() - interval '30 days')`,
    [id, changedDays, state],
  );
  return id;
}

const aCall = (orderId: string, status: string) =>
  database.rows(
    `INSERT INTO outbound_call (order_id, operation, lane, party, party_operation, request, idempotency_key, status)
     VALUES ($1::uuid, 'a.do', 0, 'p', 'o', '{}', $1::uuid::text, $2)`,
    [orderId, status],
  );

const barriersOf = (orderId: string) => database.rows('SELECT FROM barrier WHERE order_id = $1', [orderId]);
const callsOf = (orderId: string) =>
  database.rows('SELECT FROM outbound_call WHERE order_id = $1', [orderId]);

test('the barriers and calls of a finished order go when they are old, and not before', async () => {
  const [old, young, changed] = [await anOrder(8), await anOrder(6), await anOrder(30, 6)];
  for (const orderId of [old, young, changed]) await aCall(orderId, 'answered');
  await housekeeping.tidy();
  expect([await barriersOf(old), await callsOf(old)]).toEqual([[], []]);
  for (const kept of [young, changed]) {
    expect(await barriersOf(kept)).toHaveLength(2);
    expect(await callsOf(kept)).toHaveLength(1);
  }
});

test('what an open saga may still ask for is kept, however old: goods that are reserved, money that is held', async () => {
  const order = await anOrder(400);
  unfinished.add(order);
  await housekeeping.tidy();
  expect(await barriersOf(order)).toHaveLength(2);
  unfinished.delete(order);
  await housekeeping.tidy();
  expect(await barriersOf(order)).toEqual([]);
});

test('an unanswered call keeps its order’s barriers', async () => {
  const order = await anOrder(30);
  await aCall(order, 'open');
  await housekeeping.tidy();
  expect(await barriersOf(order)).toHaveLength(2);
  expect(await callsOf(order)).toHaveLength(1);
});

test.each(['waiting', 'undoing'])('an operation that is %s keeps its order’s barriers', async state => {
  const order = await anOrder(30, 30, state);
  await housekeeping.tidy();
  expect(await barriersOf(order)).toHaveLength(2);
});

test('a message that is held, or dead and may be replayed, keeps its order’s barriers', async () => {
  const [held, dead] = [await anOrder(30), await anOrder(30)];
  await database.rows("INSERT INTO held (lane, order_id, reason, message) VALUES (0, $1, 'locked', '{}')", [
    held,
  ]);
  await database.rows(
    "INSERT INTO dead_letter (lane, topic, order_id, error, blocks, place) VALUES (0, 't', $1, 'e', true, -1)",
    [dead],
  );
  await housekeeping.tidy();
  expect(await barriersOf(held)).toHaveLength(2);
  expect(await barriersOf(dead)).toHaveLength(2);
});

test('orders that have to be kept hold up none of those behind them', async () => {
  const kept = await anOrder(900);
  unfinished.add(kept);
  await database.rows(
    `INSERT INTO barrier (order_id, operation, state, changed_at)
     SELECT (substring($1, 1, 24) || lpad(to_hex(n), 12, '0'))::uuid, 'a.do', 'answered', now() - interval '9 days'
     FROM generate_series(1, 5000) AS n`,
    [firstIdAt(Date.now() - 10 * dayMs)],
  );
  await housekeeping.tidy();
  expect(
    await database.rows(
      "SELECT FROM barrier WHERE changed_at < now() - interval '8 days' AND operation = 'a.do'",
    ),
  ).toHaveLength(6); // of this test, and of those before
});

test('what is known of a choreographed order goes when it is old, and nothing is left to be done for it here', async () => {
  const [old, young, waiting, needed] = [randomOrder(8), randomOrder(6), randomOrder(30), randomOrder(30)];
  for (const orderId of [old, young, waiting, needed]) {
    await database.rows(
      `INSERT INTO choreographed_order (order_id, lane, choreography, version, begun_at, changed_at, due_at, open, state)
       VALUES ($1, 0, 'c', 1, now(), now() - make_interval(days => $2), CASE WHEN $3 THEN now() END, $3, '{}')`,
      [orderId, orderId === young ? 6 : 8, orderId === waiting],
    );
  }
  unfinished.add(needed);
  await housekeeping.tidy();
  const left = await database.rows<{ order_id: string }>('SELECT order_id FROM choreographed_order');
  expect(left.map(row => row.order_id).sort()).toEqual([young, waiting, needed].sort());
});

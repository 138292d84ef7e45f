import { messagingMigrations } from '@ballast/messaging';
import { createLogger, firstIdAt, Housekeeping, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { finishedOrders, orderChores } from './chores.js';
import { newOrder } from './new-order.fixture.js';
import { OrderBook } from './order-book.js';
import { orderMigrations } from './statements.js';

const database = await databaseForTest({ sets: [messagingMigrations, orderMigrations] });
const logger = createLogger({ name: 'test', level: 'silent' });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

const book = new OrderBook(pool, { committed: () => undefined }, logger);
const dayMs = 86_400_000;
const tidy = () =>
  new Housekeeping(
    pool,
    orderChores({ IDEMPOTENCY_KEY_RETENTION_MS: 7 * dayMs, PURGE_INTERVAL_MS: 1_000 }),
    logger,
  ).tidy();

/** An order of this age under a key; ended so many days ago, or still pending. */
async function anOrder(ageDays: number, endedDays: number | null): Promise<{ id: string; key: string }> {
  const key = randomUUID();
  const id = firstIdAt(Date.now() - ageDays * dayMs).slice(0, 24) + key.slice(24);
  await book.place([{ ...newOrder({ key }), id }]);
  await database.rows('INSERT INTO cancel_request (order_id) VALUES ($1)', [id]);
  if (endedDays !== null) {
    await database.rows(
      "UPDATE orders SET status = 'COMPLETED', ended_at = now() - make_interval(days => $2) WHERE id = $1",
      [id, endedDays],
    );
  }
  return { id, key };
}

test('the keys of ended orders are forgotten after a while, with the wishes to cancel them; the orders stay', async () => {
  const [old, young, pending, late] = [
    await anOrder(9, 8),
    await anOrder(6, 6),
    await anOrder(9, null),
    await anOrder(9, 1),
  ];
  await tidy();
  const placed = await book.place([old, young, pending, late].map(({ key }) => newOrder({ key })));
  expect(placed.map(({ kind }) => kind)).toEqual(['placed', 'replayed', 'replayed', 'replayed']);
  const wishes = await database.rows<{ order_id: string }>('SELECT order_id FROM cancel_request');
  expect(wishes.map(({ order_id }) => order_id).sort()).toEqual([young.id, pending.id, late.id].sort());
  expect(await database.rows('SELECT FROM orders WHERE id = $1', [old.id])).toHaveLength(1);
});

test('an order that is pending is not finished', async () => {
  const [ended, pending, unknown] = [await anOrder(1, 0), await anOrder(1, null), { id: randomUUID() }];
  const { rows } = await pool.query<{ order_id: string }>(
    finishedOrders([ended, pending, unknown].map(({ id }) => id)),
  );
  expect(rows.map(({ order_id }) => order_id).sort()).toEqual([ended.id, unknown.id].sort());
});

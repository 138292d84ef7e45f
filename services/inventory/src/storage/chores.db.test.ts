import { createLogger, Housekeeping, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { Articles } from './articles.js';
import { finishedOrders, inventoryChores } from './chores.js';
import { inventoryMigrations } from './statements.js';

const database = await databaseForTest({ sets: [inventoryMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

const housekeeping = new Housekeeping(
  pool,
  inventoryChores({ IDEMPOTENCY_KEY_RETENTION_MS: 7 * 86_400_000, PURGE_INTERVAL_MS: 1_000 }),
  createLogger({ name: 'test', level: 'silent' }),
);

test('a delivery’s key is remembered for as long as the setting says', async () => {
  const articles = new Articles(pool);
  const [young, old] = [randomUUID(), randomUUID()];
  await articles.deliver('cup', 1, young);
  await articles.deliver('cup', 1, old);
  const age = 'UPDATE delivery_key SET delivered_at = now() - $2::interval WHERE idempotency_key = $1';
  await database.rows(age, [young, '6 days 23 hours']);
  await database.rows(age, [old, '7 days 1 second']);
  await housekeeping.tidy();
  expect(await articles.deliver('cup', 1, young)).toMatchObject({ replayed: true });
  expect(await articles.deliver('cup', 1, old)).toMatchObject({ replayed: false });
});

test('an order whose goods are still reserved is not finished', async () => {
  const [reserved, released, shipped, unknown] = Array.from({ length: 4 }, () => randomUUID());
  await database.rows(
    `INSERT INTO reservation (order_id, status, warehouse, lines)
     VALUES ($1, 'reserved', 'north', '[]'), ($2, 'released', 'north', '[]'), ($3, 'shipped', 'north', '[]')`,
    [reserved, released, shipped],
  );
  const { rows } = await pool.query<{ order_id: string }>(
    finishedOrders([reserved!, released!, shipped!, unknown!]),
  );
  expect(rows.map(({ order_id }) => order_id).sort()).toEqual([released, shipped, unknown].sort());
});

import { messagingMigrations } from '@ballast/messaging';
import { createLogger, openPool, type Queries, transaction } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { afterAll, expect, test } from 'vitest';
import type { OrderProgress } from '../domain/order-progress.js';
import { newOrder } from './new-order.fixture.js';
import { OrderBook } from './order-book.js';
import { ProgressRepository } from './progress-repository.js';
import { orderMigrations } from './statements.js';

const database = await databaseForTest({ sets: [messagingMigrations, orderMigrations] });
const logger = createLogger({ name: 'test', level: 'silent' });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2, logger });
afterAll(() => pool.end());

const book = new OrderBook(pool, { committed: () => undefined }, logger);
const repository = new ProgressRepository();
const save = (own: [string, OrderProgress][], tx?: Queries) =>
  tx === undefined
    ? transaction(pool, inner => repository.save(inner, { own: new Map(own) }))
    : repository.save(tx, { own: new Map(own) });

async function pendingOrders(count: number): Promise<string[]> {
  const orders = Array.from({ length: count }, () => newOrder());
  await book.place(orders);
  return orders.map(({ id }) => id);
}

test('orders are ended together, each in its own way, at the time of the transaction', async () => {
  const [first, second, third] = (await pendingOrders(3)) as [string, string, string];
  const at = await transaction(pool, async tx => {
    await save(
      [
        [first, { status: 'COMPLETED' }],
        [second, { status: 'CANCELLED', reason: 'DEADLINE' }],
      ],
      tx,
    );
    return (await tx.query<{ now: Date }>({ text: 'SELECT now()' })).rows[0]!.now;
  });
  expect(await repository.loadOwn(pool, [first, second, third])).toEqual(
    new Map<string, OrderProgress>([
      [first, { status: 'COMPLETED' }],
      [second, { status: 'CANCELLED', reason: 'DEADLINE' }],
      [third, { status: 'PENDING' }],
    ]),
  );
  const rows = await database.rows<{ ended_at: Date | null }>(
    'SELECT ended_at FROM orders WHERE id = ANY ($1) ORDER BY id',
    [[first, second, third]],
  );
  expect(rows.map(row => row.ended_at)).toEqual([at, at, null]);
});

test('an ending that is saved again changes nothing', async () => {
  const [id] = (await pendingOrders(1)) as [string];
  await save([[id, { status: 'CANCELLED', reason: 'OUT_OF_STOCK' }]]);
  const before = await database.rows('SELECT * FROM orders WHERE id = $1', [id]);
  await save([[id, { status: 'CANCELLED', reason: 'OUT_OF_STOCK' }]]);
  expect(await database.rows('SELECT * FROM orders WHERE id = $1', [id])).toEqual(before);
});

test('a terminal state is never left, even if two writers believed otherwise', async () => {
  const [id, other] = (await pendingOrders(2)) as [string, string];
  await save([[id, { status: 'COMPLETED' }]]);
  const both: [string, OrderProgress][] = [
    [other, { status: 'COMPLETED' }],
    [id, { status: 'CANCELLED', reason: 'CANCELLED' }],
  ];
  await expect(save(both)).rejects.toThrow(id);
  expect(await repository.loadOwn(pool, [id, other])).toEqual(
    new Map([
      [id, { status: 'COMPLETED' }],
      [other, { status: 'PENDING' }],
    ]),
  );
});

test('the database refuses states that contradict themselves', async () => {
  const [id] = (await pendingOrders(1)) as [string];
  for (const change of [
    "status = 'LOST', ended_at = now()",
    "status = 'COMPLETED'",
    "status = 'CANCELLED', ended_at = now()",
    "reason = 'DEADLINE'",
    'amount_cents = 0',
    "idempotency_key = 'k'",
  ]) {
    await expect(
      pool.query({ text: `UPDATE orders SET ${change} WHERE id = '${id}'` }),
      change,
    ).rejects.toMatchObject({
      code: '23514',
    });
  }
});

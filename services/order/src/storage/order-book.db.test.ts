import { messagingMigrations, type OutboxRow } from '@ballast/messaging';
import { createLogger, openPool, type Query, type Queries } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { newOrder } from './new-order.fixture.js';
import { OrderBook } from './order-book.js';
import { orderMigrations } from './statements.js';

const database = await databaseForTest({ sets: [messagingMigrations, orderMigrations] });
const logger = createLogger({ name: 'test', level: 'silent' });
const url = `${database.url}?options=${encodeURIComponent('-c lock_timeout=200')}`;
const pool = openPool({ url, applicationName: 'test', max: 20, logger });
afterAll(() => pool.end());

let sent: OutboxRow[] = [];
afterEach(() => {
  sent = [];
});
const outbox = { committed: (rows: readonly OutboxRow[]) => void sent.push(...rows) };
const book = new OrderBook(pool, outbox, logger);

const kindsOf = (placed: readonly { kind: string }[]) => placed.map(({ kind }) => kind);
const storedIds = async (ids: readonly string[]) =>
  (await database.rows<{ id: string }>('SELECT id FROM orders WHERE id = ANY ($1) ORDER BY id', [ids])).map(
    ({ id }) => id,
  );

describe('a group of orders', () => {
  test('is stored with the start messages, marked as born in HTTP, and these go to the sender', async () => {
    const orders = [newOrder({ key: 'group-1' }), newOrder(), newOrder({ key: 'group-2' })];
    expect(await book.place(orders)).toEqual(orders.map(({ id }) => ({ kind: 'placed', id })));

    const rows = await database.rows(
      `SELECT seq::int, outbox.lane, topic, key, value, http, status, customer_id, amount_cents::int
         FROM outbox JOIN orders ON id::text = key WHERE id = ANY ($1) ORDER BY seq`,
      [orders.map(({ id }) => id)],
    );
    expect(rows).toEqual(
      sent.map(row => ({ ...row, http: true, status: 'PENDING', customer_id: 'alice', amount_cents: 3_900 })),
    );
    expect(rows).toMatchObject(orders.map(({ start }) => start));
  });

  test('keeps the order of the outcomes when keys and positions disagree', async () => {
    const before = newOrder({ key: 'order-m' });
    await book.place([before]);
    const orders = [newOrder({ key: 'order-z' }), newOrder({ key: 'order-m' }), newOrder({ key: 'order-a' })];
    expect(await book.place(orders)).toEqual([
      { kind: 'placed', id: orders[0]!.id },
      { kind: 'replayed', id: before.id },
      { kind: 'placed', id: orders[2]!.id },
    ]);
  });

  test('of which one cannot be stored loses only that one', async () => {
    const broken = newOrder({ key: 'broken', details: '{' });
    const orders = [newOrder({ key: 'whole-1' }), broken, newOrder({ key: 'whole-2' })];
    expect(kindsOf(await book.place(orders))).toEqual(['placed', 'failed', 'placed']);
    expect(await storedIds(orders.map(({ id }) => id))).toEqual([orders[0]!.id, orders[2]!.id]);
    expect(sent.map(({ key }) => key)).toEqual([orders[0]!.id, orders[2]!.id]);
  });
});

describe('an idempotency key', () => {
  test('with the same body answers the order that it placed, and nothing is stored or sent', async () => {
    const first = newOrder({ key: 'same' });
    await book.place([first]);
    sent = [];
    const again = newOrder({ key: 'same' });
    expect(await book.place([again])).toEqual([{ kind: 'replayed', id: first.id }]);
    expect(await storedIds([again.id])).toEqual([]);
    expect(sent).toEqual([]);
  });

  test('with another body is refused', async () => {
    await book.place([newOrder({ key: 'other' })]);
    expect(await book.place([newOrder({ key: 'other', body: 'another body' })])).toEqual([
      { kind: 'key-reused' },
    ]);
  });

  test('that occurs twice in a group is placed by its first occurrence', async () => {
    const orders = [
      newOrder({ key: 'twice' }),
      newOrder({ key: 'twice', body: 'another body' }),
      newOrder({ key: 'twice' }),
    ];
    expect(await book.place(orders)).toEqual([
      { kind: 'placed', id: orders[0]!.id },
      { kind: 'key-reused' },
      { kind: 'replayed', id: orders[0]!.id },
    ]);
  });

  test('that another transaction holds is in flight; the rest of the group is placed', async () => {
    const stranger = new pg.Client(database.url);
    await stranger.connect();
    try {
      await stranger.query('BEGIN');
      await stranger.query(
        `INSERT INTO orders (id, idempotency_key, body_hash, customer_id, protocol, amount_cents, details)
         VALUES (gen_random_uuid(), 'held', '\\x00', 'bob', 'orchestrated', 1, '{}')`,
      );
      const orders = [newOrder({ key: 'free-1' }), newOrder({ key: 'held' }), newOrder({ key: 'free-2' })];
      expect(kindsOf(await book.place(orders))).toEqual(['placed', 'key-in-flight', 'placed']);
      await stranger.query('ROLLBACK');
      expect(kindsOf(await book.place([newOrder({ key: 'held' })]))).toEqual(['placed']);
    } finally {
      await stranger.end();
    }
  });

  test('places one order when groups of many replicas bring the same keys in any order, without a deadlock', async () => {
    const replicas = 16;
    // A lock timeout would end a deadlock before PostgreSQL finds it.
    const pool = openPool({ url: database.url, applicationName: 'test', max: replicas, logger });
    onTestFinished(() => pool.end());
    const book = new OrderBook(pool, outbox, logger);
    await Promise.all(Array.from({ length: replicas }, () => pool.query({ text: 'SELECT pg_sleep(0.05)' })));
    for (let round = 0; round < 5; round++) {
      const keys = Array.from({ length: 100 }, (_, index) => `race-${round}-${index}`);
      const groups = Array.from({ length: replicas }, (_, replica) => {
        const orders = keys.map(key => newOrder({ key }));
        return replica % 2 === 0 ? orders : orders.reverse();
      });
      const outcomes = (await Promise.all(groups.map(group => book.place(group)))).flat();
      const count = (kind: string) => kindsOf(outcomes).filter(other => other === kind).length;
      expect([count('placed'), count('replayed')]).toEqual([keys.length, (replicas - 1) * keys.length]);
    }
    expect(sent).toHaveLength(500);
    const [count] = await database.rows<{ orders: number; messages: number }>(
      `SELECT count(*)::int AS orders, count(outbox.seq)::int AS messages
         FROM orders LEFT JOIN outbox ON key = id::text WHERE idempotency_key LIKE 'race-%'`,
    );
    expect(count).toEqual({ orders: 500, messages: 500 });
  });
});

test('an absent database fails the group as a whole, without trying its orders one by one', async () => {
  const closed = openPool({ url, applicationName: 'test', max: 1, logger });
  await closed.end();
  const statements: Query[] = [];
  const counting: Queries = {
    query: query => {
      statements.push(query);
      return closed.query(query);
    },
  };
  const outcomes = await new OrderBook(counting, outbox, logger).place([newOrder(), newOrder(), newOrder()]);
  expect(kindsOf(outcomes)).toEqual(['failed', 'failed', 'failed']);
  expect(statements).toHaveLength(1);
});

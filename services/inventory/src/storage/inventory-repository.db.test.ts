import { openConnection, openPool, sqlStateOf, transaction, type Connection } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Reservation } from '../domain/reservation.js';
import { reserveUnits, type Stock } from '../domain/stock.js';
import { Articles } from './articles.js';
import { InventoryRepository } from './inventory-repository.js';
import { inventoryMigrations, statements } from './statements.js';

const database = await databaseForTest({ sets: [inventoryMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 4 });
afterAll(() => pool.end());

const repository = new InventoryRepository();
const articles = new Articles(pool);
let number = 0;
let cup = '';
let kettle = '';
beforeEach(() => {
  // Every test has articles of its own.
  cup = `cup-${++number}`;
  kettle = `kettle-${number}`;
});

const save = (changes: { own?: Map<string, Reservation>; shared?: Map<string, Stock> }) =>
  transaction(pool, tx => repository.save(tx, { own: new Map(), shared: new Map(), ...changes }));
const demand = (...skus: string[]) => new Map(skus.map(sku => [sku, 1]));
const stock = (sku: string, available: number, reserved = 0, shipped = 0): Stock => ({
  sku,
  warehouse: 'north',
  available,
  reserved,
  shipped,
});

describe('reservations', () => {
  test('come back as they were saved, in every state, and others do not', async () => {
    const lines = [
      { sku: 'cup', quantity: 1 },
      { sku: 'a.B_c-9', quantity: 10_000 },
      { sku: 'cup', quantity: 2 },
    ];
    const statuses = ['reserved', 'released', 'shipped'] as const;
    const own = new Map<string, Reservation>(
      statuses.map(status => [randomUUID(), { status, warehouse: 'north', lines }]),
    );
    await save({ own });
    expect(await repository.loadOwn(pool, [...own.keys(), randomUUID()])).toEqual(own);
  });

  test('are replaced by what is saved later', async () => {
    const orderId = randomUUID();
    for (const status of ['reserved', 'released', 'shipped'] as const) {
      const reservation = { status, warehouse: 'north', lines: [{ sku: 'cup', quantity: 1 }] };
      await save({ own: new Map([[orderId, reservation]]) });
      expect((await repository.loadOwn(pool, [orderId])).get(orderId)).toEqual(reservation);
    }
  });
});

describe('stock', () => {
  let holder: Connection;
  beforeAll(async () => {
    holder = await openConnection({
      url: database.url,
      applicationName: 'test',
      transactionTimeoutMs: 10_000,
    });
  });
  afterAll(() => holder.end());

  test('that was never delivered is neither found nor locked', async () => {
    await articles.deliver(cup, 10, null);
    for (const locks of ['wait', 'skip'] as const) {
      expect(await transaction(pool, tx => repository.loadShared(tx, demand(cup, kettle), locks))).toEqual({
        found: new Map([[cup, stock(cup, 10)]]),
        locked: new Set(),
      });
    }
  });

  test('that somebody holds is told from stock that does not exist', async () => {
    await articles.deliver(cup, 10, null);
    await articles.deliver(kettle, 20, null);
    await Promise.all([
      holder.query({ text: 'BEGIN' }),
      holder.query({ text: 'SELECT FROM stock WHERE sku = $1 FOR UPDATE', values: [cup] }),
    ]);
    const loaded = await transaction(pool, tx =>
      repository.loadShared(tx, demand(cup, kettle, 'nothing'), 'skip'),
    );
    await holder.query({ text: 'ROLLBACK' });
    expect(loaded).toEqual({ found: new Map([[kettle, stock(kettle, 20)]]), locked: new Set([cup]) });
  });

  test('is waited for, and then seen as the holder left it', async () => {
    await articles.deliver(cup, 10, null);
    await holder.query({ text: 'BEGIN' });
    await holder.query({
      text: 'UPDATE stock SET available = 3, reserved = 7 WHERE sku = $1',
      values: [cup],
    });
    const loading = transaction(pool, tx => repository.loadShared(tx, demand(cup), 'wait'));
    await blocked();
    await holder.query({ text: 'COMMIT' });
    expect((await loading).found).toEqual(new Map([[cup, stock(cup, 3, 7)]]));
  });

  test('is locked until the end of the transaction', async () => {
    await articles.deliver(cup, 10, null);
    await Promise.all([holder.query({ text: 'BEGIN' }), repository.loadShared(holder, demand(cup), 'wait')]);
    const delivered = articles.deliver(cup, 1, null);
    await blocked();
    await repository.save(holder, { own: new Map(), shared: new Map([[cup, stock(cup, 4, 6)]]) });
    await holder.query({ text: 'COMMIT' });
    expect(await delivered).toMatchObject({
      stock: { sku: cup, available: 5, reserved: 6, shipped: 0, delivered: 11 },
    });
  });

  test('is locked in one order, so that two passes never wait for each other in a circle', async () => {
    const skus = Array.from({ length: 40 }, (_, i) => `crowd-${number}-${String(i).padStart(2, '0')}`);
    for (const sku of skus) await articles.deliver(sku, 1_000, null);
    const pass = (order: string[]) =>
      transaction(pool, async tx => {
        const { found } = await repository.loadShared(tx, demand(...order), 'wait');
        const shared = new Map([...found].map(([sku, entry]) => [sku, reserveUnits(entry, 1)!]));
        await repository.save(tx, { own: new Map(), shared });
      });
    const reversed = skus.toReversed();
    await Promise.all(Array.from({ length: 30 }, (_, i) => pass(i % 2 === 0 ? skus : reversed)));
    for (const sku of skus) {
      expect(await articles.stock(sku)).toMatchObject({ available: 970, reserved: 30, delivered: 1_000 });
    }
  });

  test.each([
    ['a piece is lost', stock('', 9)],
    ['a piece is made', stock('', 5, 5, 1)],
    ['less than nothing is available', stock('', -1, 11)],
    ['less than nothing is reserved', stock('', 11, -1)],
    ['less than nothing is shipped', stock('', 11, 0, -1)],
  ])('is never stored when %s', async (_, wrong) => {
    await articles.deliver(cup, 10, null);
    const failure = await save({ shared: new Map([[cup, { ...wrong, sku: cup }]]) }).catch(
      (error: unknown) => error,
    );
    expect(sqlStateOf(failure)).toBe('23514');
    expect(await articles.stock(cup)).toMatchObject({ available: 10, reserved: 0, shipped: 0 });
  });

  async function blocked(): Promise<void> {
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = $1 AND backend_type = 'client backend'";
    while ((await database.rows(waiting, ['Lock'])).length === 0);
  }
});

test.each(['lock-stock', 'lock-free-stock', 'load-reservations'] as const)(
  '%s reads no whole table, not even with a plan that was made while it was empty',
  async name => {
    const { text } = statements.statement(name);
    const plan = await transaction(pool, async tx => {
      await tx.query({ text: 'TRUNCATE stock, reservation' });
      const { rows } = await tx.query<Record<string, string>>({ text: `EXPLAIN (GENERIC_PLAN) ${text}` });
      return rows.map(row => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toMatch(/Index Scan using (stock|reservation)_pkey/);
    expect(plan).not.toContain('Seq Scan');
  },
);

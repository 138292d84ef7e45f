import { openConnection, openPool, type Queries, transaction, type Connection } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SlotChange } from '../domain/capacity.js';
import type { Shipment } from '../domain/shipment.js';
import { Capacities } from './capacities.js';
import { ShippingRepository } from './shipping-repository.js';
import { shippingMigrations, statements } from './statements.js';

const database = await databaseForTest({ sets: [shippingMigrations] });
const pool = openPool({
  url: database.url,
  applicationName: 'test',
  max: 8,
  transactionTimeoutMs: 60_000,
});
afterAll(() => pool.end());

const capacities = new Capacities(pool);
const day = '2030-12-24';
let repository: ShippingRepository;
let number = 0;
let zone = '';
let key = '';
beforeEach(() => {
  // Every test has a zone of its own, and a process that remembers nothing.
  zone = `zone-${++number}`;
  key = `${zone}/${day}`;
  repository = new ShippingRepository();
});

const add = (slots: number) => capacities.addSlots(zone, day, slots, null);
const save = (tx: Queries, changes: { own?: Map<string, Shipment>; appended?: readonly SlotChange[] }) =>
  repository.save(tx, { own: new Map(), shared: new Map(), appended: [], ...changes });
const load = (tx: Queries, demand: Record<string, number>) =>
  repository.loadShared(tx, new Map(Object.entries(demand)));
const taken = (slotId: number, orderId: string): SlotChange => ({ kind: 'taken', slotId, orderId });
const freed = (slotId: number, orderId: string): SlotChange => ({ kind: 'freed', slotId, orderId });

/** Locks `count` slots, takes all that it gets, and says which. */
const take = (count: number, by = repository): Promise<number[]> =>
  transaction(pool, async tx => {
    const { found } = await by.loadShared(tx, new Map([[key, count]]));
    const free = found.get(key)?.free ?? [];
    await save(tx, { appended: free.map(slotId => taken(slotId, randomUUID())) });
    return [...free];
  });
const slotsOf = async (of = zone): Promise<number[]> =>
  (await database.rows<{ id: string }>('SELECT id FROM slot WHERE zone = $1 ORDER BY id', [of])).map(row =>
    Number(row.id),
  );
const holderOf = async (slotId: number) =>
  (await database.rows<{ order_id: string | null }>('SELECT order_id FROM slot WHERE id = $1', [slotId]))[0]!
    .order_id;

describe('shipments', () => {
  const words = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
  const plan = fc.record({
    address: fc.record({
      zone: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
      name: words,
      street: words,
      city: words,
      postalCode: words,
    }),
    day: fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map(date => date.toISOString().slice(0, 10)),
  });
  const slotId = fc.integer({ min: 1, max: 2 ** 53 - 1 });
  const anyShipment: fc.Arbitrary<Shipment> = fc.oneof(
    fc.record({ status: fc.constantFrom('booked', 'cancelled', 'dispatching'), plan, slotId }),
    fc.record({ status: fc.constant('dispatched'), plan, slotId, trackingNumber: words }),
  ) as fc.Arbitrary<Shipment>;

  test('come back as they were saved, in every state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyShipment, { minLength: 1, maxLength: 30 }), async shipments => {
        const own = new Map(shipments.map(shipment => [randomUUID(), shipment]));
        await save(pool, { own });
        expect(await repository.loadOwn(pool, [...own.keys(), randomUUID()])).toEqual(own);
      }),
      { numRuns: 50 },
    );
  });

  test('are replaced by what is saved later', async () => {
    const orderId = randomUUID();
    const address = { zone, name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1' };
    const booked: Shipment = { status: 'booked', plan: { address, day }, slotId: 7 };
    const path: Shipment[] = [
      booked,
      { ...booked, status: 'dispatching' },
      { ...booked, status: 'dispatched', trackingNumber: 'track-9' },
    ];
    for (const shipment of path) {
      await save(pool, { own: new Map([[orderId, shipment]]) });
      expect(await repository.loadOwn(pool, [orderId])).toEqual(new Map([[orderId, shipment]]));
    }
  });
});

describe('free slots', () => {
  let holder: Connection;
  beforeAll(async () => {
    holder = await openConnection({
      url: database.url,
      applicationName: 'test',
      transactionTimeoutMs: 60_000,
    });
  });
  afterAll(() => holder.end());
  const hold = (count: number) =>
    Promise.all([
      holder.query({ text: 'BEGIN' }),
      holder.query({
        text: 'SELECT FROM slot WHERE zone = $1 AND order_id IS NULL ORDER BY id LIMIT $2 FOR UPDATE',
        values: [zone, count],
      }),
    ]);
  const letGo = () => holder.query({ text: 'ROLLBACK' });

  test('are handed out as many as are wanted, for all zones and days in one statement', async () => {
    await add(5);
    await capacities.addSlots(`${zone}-b`, day, 2, null);
    await capacities.addSlots(zone, '2030-12-25', 3, null);
    const [here, there] = [await slotsOf(), await slotsOf(`${zone}-b`)];
    let sent = 0;
    const { found, locked } = await transaction(pool, tx =>
      load(
        { query: query => (sent++, tx.query(query)) },
        { [key]: 3, [`${zone}-b/${day}`]: 2, [`${zone}/2030-12-25`]: 1 },
      ),
    );
    expect(sent).toBe(1);
    expect(locked).toEqual(new Set());
    expect(Object.fromEntries([...found].map(([each, { free }]) => [each, free]))).toEqual({
      [key]: here.slice(0, 3),
      [`${zone}-b/${day}`]: there,
      [`${zone}/2030-12-25`]: [here[5]],
    });
  });

  test('are those of the zone’s day only, and only they count as held by somebody', async () => {
    const next = '2030-12-25';
    for (const [where, when] of [
      [zone, '2030-12-23'],
      [zone, day],
      [zone, next],
      [`${zone}-b`, day],
    ] as const)
      await capacities.addSlots(where, when, 2, null);
    const [, , third, fourth] = await slotsOf();
    const wanted = { [key]: 5, [`${zone}/2030-12-26`]: 5, [`${zone}-a/${day}`]: 5 };
    const { found, locked } = await transaction(pool, tx => load(tx, wanted));
    expect(locked).toEqual(new Set());
    expect(Object.fromEntries([...found].map(([each, { free }]) => [each, free]))).toEqual({
      [key]: [third, fourth],
      [`${zone}/2030-12-26`]: [],
    });
  });

  test('that are all taken are told from a zone that was never served', async () => {
    await add(2);
    await take(2);
    const loaded = await transaction(pool, tx =>
      load(tx, { [key]: 1, [`${zone}/2031-01-01`]: 1, 'nowhere/2030-12-24': 1 }),
    );
    expect(loaded.locked).toEqual(new Set());
    expect([...loaded.found]).toEqual([
      [key, { key, free: [] }],
      [`${zone}/2031-01-01`, { key: `${zone}/2031-01-01`, free: [] }],
    ]);
  });

  test('that somebody else holds are locked, not taken, and free again when they are let go', async () => {
    await add(3);
    await hold(3);
    const loaded = await transaction(pool, tx => load(tx, { [key]: 1 }));
    await letGo();
    expect(loaded).toEqual({ found: new Map(), locked: new Set([key]) });
    expect(await take(3)).toEqual(await slotsOf());
  });

  test('beside those that somebody else holds are handed out', async () => {
    await add(4);
    await hold(2);
    const loaded = await transaction(pool, tx => load(tx, { [key]: 2 }));
    expect(loaded.found.get(key)?.free).toEqual((await slotsOf()).slice(2));
    const more = await transaction(pool, tx => load(tx, { [key]: 3 }));
    await letGo();
    expect(more, 'one that is missing may be let go').toEqual({ found: new Map(), locked: new Set([key]) });
  });

  test('that are fewer than wanted are all handed out when nobody holds others', async () => {
    await add(2);
    const { found, locked } = await transaction(pool, tx => load(tx, { [key]: 5 }));
    expect(found.get(key)?.free).toEqual(await slotsOf());
    expect(locked).toEqual(new Set());
  });

  test('that were freed, or left by a pass that failed, are found again before a booking is rejected', async () => {
    await add(4);
    const [first, second, third, fourth] = (await slotsOf()) as [number, number, number, number];
    const orderId = randomUUID();
    await transaction(pool, tx => save(tx, { appended: [taken(first, orderId)] }));
    const failed = transaction(pool, async tx => {
      await load(tx, { [key]: 2 });
      throw new Error('the pass failed');
    });
    await expect(failed).rejects.toThrow('the pass failed');
    await transaction(pool, tx => save(tx, { appended: [freed(first, orderId)] }));
    expect(await take(1)).toEqual([fourth]);
    expect(await take(5)).toEqual([first, second, third]);
    expect(await take(1)).toEqual([]);
  });

  test('are never given to two orders, and all of them are given, with many passes at the same time', async () => {
    await add(300);
    const replicas = [new ShippingRepository(), new ShippingRepository(), new ShippingRepository()];
    const got: number[] = [];
    await Promise.all(
      replicas.map(async replica => {
        // One that gets none because the others hold the last ones tries again: they may let them go.
        while (got.length < 300) got.push(...(await take(7, replica)));
      }),
    );
    for (const replica of replicas) expect(await take(1, replica)).toEqual([]);
    expect(new Set(got).size).toBe(got.length);
    expect(got.sort((a, b) => a - b)).toEqual(await slotsOf());
    expect(await capacities.capacity(zone, day)).toEqual({ zone, day, free: 0, taken: 300 });
  });

  test('are found without passing by the thousands that were taken before', async () => {
    await add(20_000);
    const [last] = (await slotsOf()).slice(-1);
    // One connection, that never lets the dead entries of the index be cleared away.
    await holder.query({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ' });
    await holder.query({ text: 'SELECT FROM slot LIMIT 1' });
    await take(19_000);
    const plan = await database.rows<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off)
       ${statements
         .statement('lock-free-slots', [])
         .text.replaceAll('$1', `ARRAY['${zone}']`)
         .replaceAll('$2', `ARRAY['${day}']`)
         .replaceAll('$3', `ARRAY[${last! - 999}]`)
         .replaceAll('$4', 'ARRAY[10]')}`,
    );
    await holder.query({ text: 'ROLLBACK' });
    const text = plan.map(row => row['QUERY PLAN']).join('\n');
    expect(text).toContain('slot_free');
    const hit = Number(/Buffers: shared hit=(\d+)/.exec(text)?.[1]);
    expect(hit, text).toBeLessThan(100);
    const begins: unknown[] = [];
    const watched = (tx: Queries): Queries => ({
      query: query => (begins.push(query.values?.[2]), tx.query(query)),
    });
    const { found } = await transaction(pool, tx => load(watched(tx), { [key]: 1 }));
    expect(found.get(key)?.free).toEqual([last! - 999]);
    expect(begins, 'where the one search began').toEqual([[last! - 999]]);
  });

  test('are found along their index by a statement that was prepared while the table was empty', async () => {
    const connection = await openConnection({
      url: database.url,
      applicationName: 'test',
      transactionTimeoutMs: 60_000,
    });
    await connection.query({ text: 'SET plan_cache_mode = force_generic_plan' });
    await connection.query({ text: 'BEGIN' });
    await connection.query({ text: 'TRUNCATE slot' });
    await load(connection, { [key]: 1 });
    const { rows } = await connection.query<{ 'QUERY PLAN': string }>({
      text: `EXPLAIN EXECUTE ${await preparedName(connection)} (ARRAY['a'], ARRAY['${day}']::date[], ARRAY[0], ARRAY[1])`,
    });
    await connection.query({ text: 'ROLLBACK' });
    await connection.end();
    const text = rows.map(row => row['QUERY PLAN']).join('\n');
    expect(text).toContain('slot_free');
    expect(text).not.toContain('Seq Scan');
    expect(text).not.toContain('Sort');
  });

  async function preparedName(connection: Connection): Promise<string> {
    const { rows } = await connection.query<{ name: string }>({
      text: `SELECT quote_ident(name) AS name FROM pg_prepared_statements WHERE name LIKE '%lock-free-slots%'`,
    });
    return rows[0]!.name;
  }
});

describe('a slot', () => {
  test('is freed only by the order that has it', async () => {
    await add(1);
    const [slot] = (await slotsOf()) as [number];
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await transaction(pool, tx => save(tx, { appended: [taken(slot, mine)] }));
    await transaction(pool, tx => save(tx, { appended: [freed(slot, mine)] }));
    await transaction(pool, tx => save(tx, { appended: [taken(slot, theirs)] }));
    // Once more, and by one that never had it.
    await transaction(pool, tx => save(tx, { appended: [freed(slot, mine)] }));
    await transaction(pool, tx => save(tx, { appended: [freed(slot, randomUUID())] }));
    expect(await holderOf(slot)).toBe(theirs);
  });

  test('that somebody has cannot be taken: nothing of the pass is saved', async () => {
    await add(1);
    const [slot] = (await slotsOf()) as [number];
    const first = randomUUID();
    await transaction(pool, tx => save(tx, { appended: [taken(slot, first)] }));
    const second = transaction(pool, tx => save(tx, { appended: [taken(slot, randomUUID())] }));
    await expect(second).rejects.toThrow('1 slots were to be taken, and 0 were free');
    expect(await holderOf(slot)).toBe(first);
  });

  test('that is taken and freed in one pass stays free', async () => {
    await add(1);
    const [slot] = (await slotsOf()) as [number];
    const orderId = randomUUID();
    await transaction(pool, tx => save(tx, { appended: [taken(slot, orderId), freed(slot, orderId)] }));
    expect(await holderOf(slot)).toBeNull();
  });
});

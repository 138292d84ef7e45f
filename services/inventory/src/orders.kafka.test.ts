import { reserveStock } from '@ballast/contracts';
import { openConnection } from '@ballast/platform';
import { command, until } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { commit, done, inventoryForTest, release, reserve } from './running-inventory.fixture.js';

const inventory = await inventoryForTest();
const { database, send, ask, answers, answersTo, get, deliver, stockOf, reservationOf } = inventory;
let number = 0;
let cup = '';
let kettle = '';
beforeEach(() => {
  cup = `cup-${++number}`;
  kettle = `kettle-${number}`;
});

const line = (sku: string, quantity: number) => ({ sku, quantity });
const stock = (sku: string, available: number, reserved: number, shipped: number) => ({
  sku,
  available,
  reserved,
  shipped,
  delivered: available + reserved + shipped,
});

describe('an order', () => {
  test('has its goods reserved, and then sent away', async () => {
    const orderId = randomUUID();
    await deliver(cup, 10);
    await deliver(kettle, 5);
    const lines = [line(cup, 6), line(kettle, 1), line(cup, 2)];
    expect(await ask(orderId, reserve(...lines))).toEqual(done({ warehouse: 'north' }));
    expect(await stockOf(cup)).toEqual(stock(cup, 2, 8, 0));
    expect(await reservationOf(orderId)).toEqual({ orderId, status: 'RESERVED', warehouse: 'north', lines });
    expect(await ask(orderId, commit)).toEqual(done({}));
    expect(await stockOf(cup)).toEqual(stock(cup, 2, 0, 8));
    expect(await stockOf(kettle)).toEqual(stock(kettle, 4, 0, 1));
    expect(await reservationOf(orderId)).toMatchObject({ status: 'SHIPPED' });
  });

  test('gives its goods back when it is undone; from then on they are not sent away', async () => {
    const orderId = randomUUID();
    await deliver(cup, 10);
    await ask(orderId, reserve(line(cup, 10)));
    expect(await ask(orderId, release)).toEqual(done({}));
    expect(await stockOf(cup)).toEqual(stock(cup, 10, 0, 0));
    expect(await ask(orderId, commit)).toEqual({
      outcome: 'refused',
      code: 'NOT_RESERVED',
      detail: 'the reservation was released',
    });
    expect(await stockOf(cup)).toEqual(stock(cup, 10, 0, 0));
  });

  test('is rejected for goods that are not there or not known, named, and reserves none of the others', async () => {
    await deliver(cup, 10);
    await deliver(kettle, 1);
    expect(await ask(randomUUID(), reserve(line(cup, 1), line(kettle, 2)))).toEqual({
      outcome: 'rejected',
      code: 'OUT_OF_STOCK',
      detail: `1 of 2 pieces of ${kettle} are available`,
    });
    expect(await ask(randomUUID(), reserve(line(cup, 1), line('unheard-of', 1)))).toEqual({
      outcome: 'rejected',
      code: 'UNKNOWN_SKU',
      detail: 'unheard-of is not an article of ours',
    });
    expect(await stockOf(cup)).toEqual(stock(cup, 10, 0, 0));
  });

  test('never starts once its undo came first', async () => {
    const orderId = randomUUID();
    await deliver(cup, 10);
    expect(await ask(orderId, release)).toEqual(done({}));
    expect(await ask(orderId, reserve(line(cup, 1)))).toEqual({ outcome: 'aborted' });
    expect(await ask(orderId, commit)).toMatchObject({ outcome: 'refused', code: 'NOT_RESERVED' });
    expect(await stockOf(cup)).toEqual(stock(cup, 10, 0, 0));
  });

  test('moves its goods once, however often each of its commands comes, and in whatever batch', async () => {
    const orderId = randomUUID();
    await deliver(cup, 10);
    const [first, second] = [
      command(orderId, reserve(line(cup, 3))),
      command(orderId, reserve(line(cup, 3))),
    ];
    const sent = command(orderId, commit);
    await send(first, first, second, sent, second, first, sent, command(orderId, commit));
    expect(await answersTo(orderId, 4)).toEqual([
      done({ warehouse: 'north' }),
      done({ warehouse: 'north' }),
      done({}),
      done({}),
    ]);
    expect(await stockOf(cup)).toEqual(stock(cup, 7, 0, 3));
  });

  test('is done and undone within one batch', async () => {
    const orderId = randomUUID();
    await deliver(cup, 10);
    await send(command(orderId, reserve(line(cup, 3))), command(orderId, release), command(orderId, release));
    expect(await answersTo(orderId, 3)).toEqual([done({ warehouse: 'north' }), done({}), done({})]);
    expect(await stockOf(cup)).toEqual(stock(cup, 10, 0, 0));
  });
});

test('the last pieces are promised once, however many orders want them at the same time', async () => {
  await deliver(cup, 100);
  const orders = Array.from({ length: 60 }, () => randomUUID());
  await send(...orders.map(orderId => command(orderId, reserve(line(cup, 2), line(cup, 1)))));
  await until(async () => {
    const known = await answers();
    return orders.every(orderId => known.has(orderId));
  });
  const known = await answers();
  const outcomes = orders.map(orderId => known.get(orderId)![0]!.outcome);
  expect(outcomes.filter(outcome => outcome === 'done')).toHaveLength(33);
  expect(outcomes.filter(outcome => outcome === 'rejected')).toHaveLength(27);
  expect(await stockOf(cup)).toEqual(stock(cup, 1, 99, 0));
});

test('an order whose goods somebody else holds waits for them, and holds up no other', async () => {
  const [waiting, other, unknown] = [randomUUID(), randomUUID(), randomUUID()];
  await deliver(cup, 10);
  await deliver(kettle, 10);
  const holder = await openConnection({
    url: database.url,
    applicationName: 'test',
    transactionTimeoutMs: 20_000,
  });
  try {
    await holder.query({ text: 'BEGIN' });
    // Six cups were never there.
    await holder.query({
      text: 'UPDATE stock SET available = 4, delivered = 4 WHERE sku = $1',
      values: [cup],
    });
    await send(
      command(waiting, reserve(line(cup, 5))),
      command(other, reserve(line(kettle, 5))),
      command(unknown, reserve(line('unheard-of', 1))),
    );
    expect(await answersTo(other, 1)).toEqual([done({ warehouse: 'north' })]);
    expect(await answersTo(unknown, 1)).toMatchObject([{ outcome: 'rejected', code: 'UNKNOWN_SKU' }]);
    expect((await answers()).has(waiting)).toBe(false);
    await holder.query({ text: 'COMMIT' });
    expect(await answersTo(waiting, 1)).toMatchObject([{ outcome: 'rejected', code: 'OUT_OF_STOCK' }]);
  } finally {
    await holder.end();
  }
});

describe('a command that the contract does not allow', () => {
  test.each([
    ['no lines', { lines: [] }],
    ['no quantity', { lines: [{ sku: 'cup' }] }],
    ['less than one piece', { lines: [line('cup', 0)] }],
    ['half a piece', { lines: [line('cup', 0.5)] }],
    ['too many pieces', { lines: [line('cup', 10_001)] }],
    ['a SKU with U+0000', { lines: [line('c\u0000p', 1)] }],
  ])('goes to the dead letters and moves nothing: %s', async (_, data) => {
    const [orderId, other] = [randomUUID(), randomUUID()];
    await deliver('cup', 1);
    const before = await stockOf('cup');
    await send(command(orderId, { type: reserveStock.type, data }), command(other, release));
    await answersTo(other, 1);
    await until(async () => {
      const rows = await database.rows('SELECT FROM dead_letter WHERE order_id = $1', [orderId]);
      return rows.length === 1;
    });
    expect(await stockOf('cup')).toEqual(before);
    expect(await database.rows('SELECT FROM reservation WHERE order_id = $1', [orderId])).toEqual([]);
  });
});

test('is ready, and every piece that is reserved or shipped is some order’s', async () => {
  await expect.poll(() => get('/health/ready')).toMatchObject({ status: 'ok' });
  const differing = await database.rows(
    `SELECT sku, stock.reserved, stock.shipped, ordered.reserved, ordered.shipped
     FROM stock
     LEFT JOIN (
         SELECT line->>'sku' AS sku,
                sum((line->>'quantity')::int) FILTER (WHERE status = 'reserved') AS reserved,
                sum((line->>'quantity')::int) FILTER (WHERE status = 'shipped') AS shipped
         FROM reservation, jsonb_array_elements(lines) AS line
         GROUP BY 1
     ) AS ordered USING (sku)
     WHERE stock.reserved <> coalesce(ordered.reserved, 0) OR stock.shipped <> coalesce(ordered.shipped, 0)`,
  );
  expect(differing).toEqual([]);
});

import type { OrderStatus } from '@ballast/contracts';
import { messagingMigrations } from '@ballast/messaging';
import { createLogger, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderProgress } from '../domain/order-progress.js';
import { newOrder } from './new-order.fixture.js';
import { OrderBook } from './order-book.js';
import { OrderReader, type Page, type PageRequest } from './order-reader.js';
import { ProgressRepository } from './progress-repository.js';
import { orderMigrations } from './statements.js';

const database = await databaseForTest({ sets: [messagingMigrations, orderMigrations] });
const logger = createLogger({ name: 'test', level: 'silent' });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2, logger });
afterAll(() => pool.end());

/** Looks at seven orders per page, so that a page ends before its limit is reached. */
const reader = new OrderReader(pool, 7);
/** Oldest first: 60 orders of alice and bob by turns; the first five are completed, the sixth is cancelled. */
let ids: string[] = [];

beforeAll(async () => {
  const orders = Array.from({ length: 60 }, (_, index) =>
    newOrder({ customerId: index % 2 === 0 ? 'alice' : 'bob' }),
  );
  await new OrderBook(pool, { committed: () => undefined }, logger).place(orders);
  ids = orders.map(({ id }) => id);
  const ended = new Map<string, OrderProgress>(ids.slice(0, 5).map(id => [id, { status: 'COMPLETED' }]));
  ended.set(ids[5]!, { status: 'CANCELLED', reason: 'NO_CAPACITY' });
  await new ProgressRepository().save(pool, { own: ended });
});

async function allPages(request: PageRequest): Promise<Page[]> {
  const pages: Page[] = [];
  for (let after: string | undefined; ;) {
    const page = await reader.page({ ...request, after });
    pages.push(page);
    if (page.next === undefined) return pages;
    after = page.next;
  }
}
const idsOf = (pages: readonly Page[]) => pages.flatMap(page => page.orders.map(({ id }) => id));

describe('pages', () => {
  test('show every order once, newest first', async () => {
    for (const limit of [1, 6, 7, 50]) expect(idsOf(await allPages({ limit }))).toEqual([...ids].reverse());
  });

  test('do not end early on an order that is placed meanwhile', async () => {
    const first = await reader.page({ limit: 5 });
    await new OrderBook(pool, { committed: () => undefined }, logger).place([
      newOrder({ customerId: 'carol' }),
    ]);
    const second = await reader.page({ limit: 5, after: first.next });
    expect(idsOf([first, second])).toEqual([...ids].reverse().slice(0, 10));
    await pool.query({ text: "DELETE FROM orders WHERE customer_id = 'carol'" });
  });

  test('of a customer show no other orders', async () => {
    const pages = await allPages({ customerId: 'bob', limit: 4 });
    expect(idsOf(pages)).toEqual(ids.filter((_, index) => index % 2 === 1).reverse());
  });

  test.each<[OrderStatus, number[]]>([
    ['PENDING', Array.from({ length: 54 }, (_, index) => index + 6)],
    ['COMPLETED', [0, 1, 2, 3, 4]],
    ['CANCELLED', [5]],
  ])('of status %s show all of them, also across stretches without any', async (status, indexes) => {
    const pages = await allPages({ status, limit: 3 });
    expect(idsOf(pages)).toEqual(indexes.map(index => ids[index]).reverse());
    for (const page of pages) expect(page.orders.length).toBeLessThanOrEqual(3);
  });

  test('look at a bounded number of orders, however rare the status is', async () => {
    const [first] = await allPages({ status: 'CANCELLED', limit: 50 });
    expect(first).toEqual({ orders: [], next: ids.at(-7) });
  });

  test('combine customer and status', async () => {
    expect(idsOf(await allPages({ customerId: 'alice', status: 'COMPLETED', limit: 2 }))).toEqual([
      ids[4],
      ids[2],
      ids[0],
    ]);
    expect(idsOf(await allPages({ customerId: 'nobody', limit: 2 }))).toEqual([]);
  });
});

test('orders are found in the order of the ids that were asked for', async () => {
  const unknown = newOrder().id;
  const found = await reader.load([ids[9]!, unknown, ids[5]!, ids[9]!]);
  expect(found.map(order => order?.id)).toEqual([ids[9], undefined, ids[5], ids[9]]);
  expect(found[2]).toEqual({
    id: ids[5],
    customerId: 'bob',
    status: 'CANCELLED',
    reason: 'NO_CAPACITY',
    protocol: 'orchestrated',
    amountCents: 3_900,
    details: '{"lines":[]}',
    placedAt: expect.any(Date),
    endedAt: expect.any(Date),
  });
});

test('only ended orders have an ending', async () => {
  const endings = await reader.loadEndings([ids[5]!, ids[6]!, ids[0]!, newOrder().id]);
  expect(endings.map(({ id, status, reason }) => [id, status, reason]).sort()).toEqual([
    [ids[0], 'COMPLETED', null],
    [ids[5], 'CANCELLED', 'NO_CAPACITY'],
  ]);
});

import { ReservationView, StockPage, stockUnitsMax, StockView } from '@ballast/contracts';
import { transaction } from '@ballast/platform';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { InventoryRepository } from '../storage/inventory-repository.js';
import { inventoryApiForTest, problemJson } from './inventory-api.fixture.js';

const { database, pool, get, post, deliver } = await inventoryApiForTest();

let number = 0;
let cup = '';
beforeEach(() => (cup = `cup-${++number}`));

const stock = (sku: string, available: number) => ({
  sku,
  available,
  reserved: 0,
  shipped: 0,
  delivered: available,
});

describe('a delivery', () => {
  test('makes the article known, and the next one adds to it', async () => {
    expect(await deliver(cup, 1_000)).toEqual({ status: 200, body: stock(cup, 1_000) });
    expect(await deliver(cup, 1)).toEqual({ status: 200, body: stock(cup, 1_001) });
    expect(await get(`/stock/${cup}`)).toEqual({ status: 200, body: stock(cup, 1_001) });
  });

  test('is taken once under one key, and answered the same each time', async () => {
    const key = randomUUID();
    const first = await deliver(cup, 1_000, key);
    await deliver(cup, 5);
    expect(await deliver(cup, 1_000, key)).toEqual({ ...first, replayed: 'true' });
    expect((await get(`/stock/${cup}`)).body).toEqual(stock(cup, 1_005));
  });

  test('is taken once under one key that is used by many requests at the same time', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(cup, 1_000, key)));
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: stock(cup, 1_000) });
    expect(answers.filter(answer => answer.replayed === undefined)).toHaveLength(1);
    expect((await get(`/stock/${cup}`)).body).toEqual(stock(cup, 1_000));
  });

  test('is refused under the key of another quantity or another article', async () => {
    const key = randomUUID();
    await deliver(cup, 1_000, key);
    for (const other of [deliver(cup, 1_001, key), deliver(`${cup}-2`, 1_000, key)]) {
      expect(await other).toMatchObject({
        status: 422,
        type: problemJson,
        body: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
    }
    expect((await get(`/stock/${cup}`)).body).toEqual(stock(cup, 1_000));
    expect((await get(`/stock/${cup}-2`)).status).toBe(404);
  });

  test.each(['', 'with space', 'ümlaut', 'x'.repeat(256)])('is refused under the key %j', async key => {
    expect(await deliver(cup, 1, key)).toMatchObject({
      status: 400,
      type: problemJson,
      body: { code: 'IDEMPOTENCY_KEY_INVALID' },
    });
    expect((await get(`/stock/${cup}`)).status).toBe(404);
  });

  test.each([0, -1, 0.5, 1e-7, 1e9 + 1, 2 ** 53, 1e300, '5', null, true, [], undefined])(
    'of %j pieces is refused, and makes nothing known',
    async quantity => {
      expect(await deliver(cup, quantity)).toMatchObject({
        status: 400,
        type: problemJson,
        body: { code: 'VALIDATION_FAILED' },
      });
      expect((await get(`/stock/${cup}`)).status).toBe(404);
    },
  );

  test('with a member that nobody knows is refused', async () => {
    expect(await post(`/stock/${cup}/deliveries`, { quantity: 1, warehouse: 'south' })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });

  test('of an article whose SKU is none is refused', async () => {
    for (const sku of ['a%20b', '%00', 'x'.repeat(65), 'a%2Fb', '%F0%9F%92%B6']) {
      expect(await deliver(sku, 1)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    }
  });

  test('beyond what the warehouse can count is refused, and changes nothing', async () => {
    await deliver(cup, stockUnitsMax - 1);
    expect(await deliver(cup, 2, randomUUID())).toMatchObject({
      status: 422,
      type: problemJson,
      body: { code: 'STOCK_LIMIT_EXCEEDED' },
    });
    expect(await deliver(cup, 1)).toMatchObject({ status: 200, body: stock(cup, stockUnitsMax) });
    expect(await deliver(cup, 1)).toMatchObject({ status: 422, body: { code: 'STOCK_LIMIT_EXCEEDED' } });
    expect((await get(`/stock/${cup}`)).body).toEqual(stock(cup, stockUnitsMax));
  });

  test('fits in again once goods have left: what was shipped takes no room', async () => {
    await deliver(cup, stockUnitsMax);
    await database.rows('UPDATE stock SET available = available - 5, shipped = 5 WHERE sku = $1', [cup]);
    const { body } = await deliver(cup, 5);
    expect(body).toEqual({ ...stock(cup, stockUnitsMax), shipped: 5, delivered: stockUnitsMax + 5 });
    expect(StockView.strict().safeParse(body).success).toBe(true);
  });
});

describe('the list of all stock', () => {
  test('goes on at its cursor, in the order of the SKUs, and has everything once', async () => {
    const skus = ['A', 'Z', '_', 'a', 'a-1', 'a.b', 'z'].map(name => `list-${name}`);
    for (const sku of skus.toReversed()) await deliver(sku, 7);
    const seen: StockView[] = [];
    for (let cursor: string | null = 'list'; cursor !== null;) {
      const { status, body } = await get(`/stock?limit=2&cursor=${cursor}`);
      expect(status).toBe(200);
      const page: StockPage = StockPage.parse(body);
      expect(page.stock.length).toBeLessThanOrEqual(2);
      seen.push(...page.stock);
      cursor = page.nextCursor;
    }
    const ours = seen.filter(({ sku }) => sku.startsWith('list-'));
    expect(ours).toEqual([...skus].sort().map(sku => stock(sku, 7)));
  });

  test('has no next page when the last one is exactly full', async () => {
    for (const sku of ['zz-1', 'zz-2', 'zz-3']) await deliver(sku, 1);
    expect((await get('/stock?limit=2&cursor=zz-1')).body).toEqual({
      stock: [stock('zz-2', 1), stock('zz-3', 1)],
      nextCursor: null,
    });
  });

  test.each([
    'limit=0',
    'limit=201',
    'limit=1.5',
    'limit=',
    'limit=1&limit=2',
    'cursor=%00',
    'cursor=',
    'page=2',
  ])('is refused with ?%s', async query => {
    expect(await get(`/stock?${query}`)).toMatchObject({
      status: 400,
      type: problemJson,
      body: { code: 'VALIDATION_FAILED' },
    });
  });
});

test('an article that was never delivered is not found, nor is what can be none', async () => {
  for (const sku of ['nothing', '%00', 'a%20b', 'x'.repeat(65)]) {
    expect(await get(`/stock/${sku}`)).toMatchObject({
      status: 404,
      type: problemJson,
      body: { code: 'SKU_NOT_FOUND' },
    });
  }
});

describe('the reservation of an order', () => {
  test('is shown with its lines as they were ordered', async () => {
    const orderId = randomUUID();
    const lines = [
      { sku: 'kettle', quantity: 2 },
      { sku: 'cup', quantity: 6 },
      { sku: 'kettle', quantity: 1 },
    ];
    for (const status of ['reserved', 'released', 'shipped'] as const) {
      await transaction(pool, tx =>
        new InventoryRepository().save(tx, {
          own: new Map([[orderId, { status, warehouse: 'north', lines }]]),
          shared: new Map(),
        }),
      );
      const { status: code, body } = await get(`/reservations/${orderId.toUpperCase()}`);
      expect({ code, body }).toEqual({
        code: 200,
        body: { orderId, status: status.toUpperCase(), warehouse: 'north', lines },
      });
      expect(ReservationView.strict().safeParse(body).success).toBe(true);
    }
  });

  test('is not found when there was none', async () => {
    for (const id of [randomUUID(), 'not-an-id', '%00']) {
      expect(await get(`/reservations/${id}`)).toMatchObject({
        status: 404,
        type: problemJson,
        body: { code: 'RESERVATION_NOT_FOUND' },
      });
    }
  });
});

test('the documentation has every address, with its schemas', async () => {
  const { body } = await get('/docs-json');
  const { paths, components } = body as { paths: Record<string, object>; components: { schemas: object } };
  expect(Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods)])).toEqual(
    expect.arrayContaining([
      ['/stock/{sku}/deliveries', ['post']],
      ['/stock', ['get']],
      ['/stock/{sku}', ['get']],
      ['/reservations/{orderId}', ['get']],
    ]),
  );
  for (const schema of ['Delivery', 'StockView', 'StockPage', 'ReservationView']) {
    expect(components.schemas).toHaveProperty(schema);
  }
});

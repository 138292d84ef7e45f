import 'reflect-metadata';
import { CapacityView, problems, ShipmentView } from '@ballast/contracts';
import { buildApplication, createLogger, openPool, transaction } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Shipment } from '../domain/shipment.js';
import { ShippingApiModule } from '../shipping-api.module.js';
import { ShippingRepository } from '../storage/shipping-repository.js';
import { shippingMigrations } from '../storage/statements.js';

const database = await databaseForTest({ sets: [shippingMigrations] });
const logger = createLogger({ name: 'shipping', level: 'silent' });
const pool = openPool({
  url: database.url,
  applicationName: 'shipping',
  max: 8,
  transactionTimeoutMs: 150_000,
  logger,
});
let app: NestFastifyApplication;

beforeAll(async () => {
  app = await buildApplication({
    name: 'shipping',
    module: ShippingApiModule.register(pool),
    logger,
    problems,
  });
});
afterAll(async () => {
  await app.close();
  await pool.end();
});

const day = '2030-12-24';
let number = 0;
let zone = '';
beforeEach(() => (zone = `zone-${++number}`));

const get = async (url: string) => answerOf(await app.inject({ url }));
const post = async (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  answerOf(await app.inject({ method: 'POST', url, payload: payload as object, headers }));
const add = (slots: unknown, key?: string, of = zone, on = day) =>
  post(`/zones/${of}/days/${on}/slots`, { slots }, key === undefined ? {} : { 'idempotency-key': key });
const capacity = (of = zone, on = day) => get(`/zones/${of}/days/${on}`);
const repository = new ShippingRepository();
const take = (count: number) =>
  transaction(pool, async tx => {
    const { found } = await repository.loadShared(tx, new Map([[`${zone}/${day}`, count]]));
    const free = found.get(`${zone}/${day}`)!.free;
    const appended = free.map(slotId => ({ kind: 'taken', slotId, orderId: randomUUID() }) as const);
    await repository.save(tx, { own: new Map(), shared: new Map(), appended });
  });

describe('adding slots', () => {
  test('makes them free, and the next ones are added to them', async () => {
    expect(await add(3)).toEqual({ status: 200, body: { zone, day, free: 3, taken: 0 } });
    await take(2);
    expect(await add(10)).toEqual({ status: 200, body: { zone, day, free: 11, taken: 2 } });
    expect(await capacity()).toEqual({ status: 200, body: { zone, day, free: 11, taken: 2 } });
    expect(CapacityView.strict().safeParse((await capacity()).body).success).toBe(true);
  });

  test('is for one day of one zone', async () => {
    await add(3);
    expect((await capacity(zone, '2030-12-25')).status).toBe(404);
    expect((await capacity(`${zone}0`)).status).toBe(404);
  });

  test('takes a million at once', { timeout: 180_000 }, async () => {
    expect(await add(1_000_000)).toEqual({ status: 200, body: { zone, day, free: 1_000_000, taken: 0 } });
  });

  test('is done once under one key, and answered the same each time', async () => {
    const key = randomUUID();
    const first = await add(3, key);
    await add(4);
    expect(await add(3, key)).toEqual({ ...first, replayed: 'true' });
    expect((await capacity()).body).toMatchObject({ free: 7 });
  });

  test('is done once under one key that is used by many requests at the same time', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => add(3, key)));
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: { free: 3, taken: 0 } });
    expect(answers.filter(answer => answer.replayed === undefined)).toHaveLength(1);
    expect((await capacity()).body).toMatchObject({ free: 3 });
  });

  test('adds up when many do it at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => add(3)));
    expect((await capacity()).body).toEqual({ zone, day, free: 60, taken: 0 });
  });

  test('is refused under the key of other slots, another zone or another day', async () => {
    const key = randomUUID();
    await add(3, key);
    for (const other of [add(4, key), add(3, key, `${zone}-2`), add(3, key, zone, '2030-12-25')]) {
      expect(await other).toMatchObject({
        status: 422,
        type: problemJson,
        body: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
    }
    expect((await capacity()).body).toMatchObject({ free: 3 });
    expect((await capacity(`${zone}-2`)).status).toBe(404);
  });

  test.each(['', 'with space', 'ümlaut', 'x'.repeat(256)])('is refused under the key %j', async key => {
    expect(await add(3, key)).toMatchObject({ status: 400, body: { code: 'IDEMPOTENCY_KEY_INVALID' } });
    expect((await capacity()).status).toBe(404);
  });

  const counts: unknown[] = [0, -1, 0.5, 1_000_001, 2 ** 53, 1e300, '5', null, true, [], {}, undefined];
  test.each(counts.map(count => ({ count })))('is refused for $count slots', async ({ count }) => {
    expect(await add(count)).toMatchObject({
      status: 400,
      type: problemJson,
      body: { code: 'VALIDATION_FAILED' },
    });
    expect((await capacity()).status).toBe(404);
  });

  test('with a member that nobody knows is refused', async () => {
    expect(await post(`/zones/${zone}/days/${day}/slots`, { slots: 1, free: 1 })).toMatchObject({
      status: 400,
    });
  });

  test.each(['a%20b', '%00', 'x'.repeat(65), 'a%2Fb', '%F0%9F%92%B6'])(
    'is refused for the zone %s',
    async of => {
      expect(await add(1, undefined, of)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    },
  );

  test.each([
    'today',
    '2030-02-29',
    '2030-13-01',
    '0000-01-01',
    '2030-1-1',
    '%00',
    '20301224',
    '2030-12-24T00:00',
  ])('is refused for the day %s', async on => {
    expect(await add(1, undefined, zone, on)).toMatchObject({
      status: 400,
      type: problemJson,
      body: { code: 'VALIDATION_FAILED' },
    });
  });

  test.each(['0001-01-01', '9999-12-31', '2028-02-29'])('is possible for %s', async on => {
    expect(await add(1, undefined, zone, on)).toEqual({
      status: 200,
      body: { zone, day: on, free: 1, taken: 0 },
    });
  });
});

test('capacity that was never added is not found', async () => {
  for (const [of, on] of [
    [zone, day],
    ['a%20b', day],
    ['%00', day],
    [zone, '0000-01-01'],
    [zone, 'today'],
  ]) {
    expect(await capacity(of, on)).toMatchObject({
      status: 404,
      type: problemJson,
      body: { code: 'CAPACITY_NOT_FOUND' },
    });
  }
});

describe('the shipment of an order', () => {
  const shown = async (shipment: Shipment) => {
    const orderId = randomUUID();
    await repository.save(pool, { own: new Map([[orderId, shipment]]), shared: new Map(), appended: [] });
    const { status, body } = await get(`/shipments/${orderId.toUpperCase()}`);
    expect(status).toBe(200);
    expect(ShipmentView.strict().safeParse(body).success).toBe(true);
    return { ...(body as object), orderId: (body as ShipmentView).orderId === orderId };
  };

  test('is shown in each of its states', async () => {
    const address = { zone, name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1' };
    const base = { plan: { address, day }, slotId: 7 };
    for (const status of ['booked', 'cancelled', 'dispatching'] as const) {
      expect(await shown({ ...base, status })).toEqual({
        orderId: true,
        status: status.toUpperCase(),
        zone,
        day,
        trackingNumber: null,
      });
    }
    expect(await shown({ ...base, status: 'dispatched', trackingNumber: 'track-9' })).toMatchObject({
      status: 'DISPATCHED',
      trackingNumber: 'track-9',
    });
  });

  test('is not found when there is none', async () => {
    for (const id of [randomUUID(), 'not-an-id', '%00']) {
      expect(await get(`/shipments/${id}`)).toMatchObject({
        status: 404,
        type: problemJson,
        body: { code: 'SHIPMENT_NOT_FOUND' },
      });
    }
  });
});

test('the documentation has every address, with its schemas', async () => {
  const { body } = await get('/docs-json');
  const { paths, components } = body as { paths: Record<string, object>; components: { schemas: object } };
  expect(Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods)])).toEqual(
    expect.arrayContaining([
      ['/zones/{zone}/days/{day}/slots', ['post']],
      ['/zones/{zone}/days/{day}', ['get']],
      ['/shipments/{orderId}', ['get']],
    ]),
  );
  for (const schema of ['AddSlots', 'CapacityView', 'ShipmentView']) {
    expect(components.schemas).toHaveProperty(schema);
  }
});

const problemJson = 'application/problem+json; charset=utf-8';

function answerOf(response: { statusCode: number; body: string; headers: Record<string, unknown> }) {
  const { 'content-type': type, 'idempotency-replayed': replayed } = response.headers;
  return {
    status: response.statusCode,
    body: JSON.parse(response.body) as unknown,
    ...(response.statusCode >= 400 && { type }),
    ...(replayed !== undefined && { replayed }),
  };
}

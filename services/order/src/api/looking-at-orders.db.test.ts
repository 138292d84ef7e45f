import { OrderPage, OrderView } from '@ballast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { WaitingRoom } from '../watching/waiting-room.js';
import { aBody, orderApi } from './order-api.fixture.js';

const api = await orderApi({ seats: 100 });

async function place(change: object = {}): Promise<string> {
  return (await api.post('/orders', { ...aBody, ...change })).json<{ id: string }>().id;
}
/** How long something took, with what came of it. */
async function timed<T>(work: Promise<T>): Promise<{ tookMs: number; value: T }> {
  const startedAtMs = performance.now();
  return { value: await work, tookMs: performance.now() - startedAtMs };
}

describe('GET /orders/{id}', () => {
  test('shows how and when the order ended, and why it was cancelled', async () => {
    const [completed, cancelled] = [await place(), await place()];
    await api.end(completed, { status: 'COMPLETED' });
    await api.end(cancelled, { status: 'CANCELLED', reason: 'OUT_OF_STOCK' });
    const views = await Promise.all(
      [completed, cancelled].map(async id => OrderView.parse((await api.get(`/orders/${id}`)).json())),
    );
    expect(views).toMatchObject([
      { status: 'COMPLETED', reason: null },
      { status: 'CANCELLED', reason: 'OUT_OF_STOCK' },
    ]);
    for (const { id, placedAt, endedAt } of views) {
      const [row] = await api.database.rows<{ placed_at: Date; ended_at: Date }>(
        'SELECT placed_at, ended_at FROM orders WHERE id = $1',
        [id],
      );
      expect([placedAt, endedAt]).toEqual([row!.placed_at.toISOString(), row!.ended_at.toISOString()]);
    }
  });

  test('takes an id in capitals for the same', async () => {
    const id = await place();
    expect((await api.get(`/orders/${id.toUpperCase()}`)).json()).toMatchObject({ id });
  });

  test.each(['here', 'elsewhere'] as const)(
    'with wait answers as soon as the order has ended %s',
    async where => {
      const id = await place();
      const waiting = timed(api.get(`/orders/${id}?wait=30000`));
      await sleep(100);
      await api.end(id, { status: 'COMPLETED' }, where);
      const { value, tookMs } = await waiting;
      expect(value.json()).toMatchObject({ id, status: 'COMPLETED' });
      expect(tookMs).toBeLessThan(15_000);
    },
  );

  test('with wait answers at once when the order has ended before', async () => {
    const id = await place();
    await api.end(id, { status: 'COMPLETED' });
    const { value, tookMs } = await timed(api.get(`/orders/${id}?wait=30000`));
    expect(value.json()).toMatchObject({ status: 'COMPLETED' });
    expect(tookMs).toBeLessThan(15_000);
  });

  test('with wait shows the pending order when the time is up', async () => {
    const { value, tookMs } = await timed(api.get(`/orders/${await place()}?wait=200`));
    expect(value.statusCode).toBe(200);
    expect(value.json()).toMatchObject({ status: 'PENDING' });
    expect(tookMs).toBeGreaterThanOrEqual(199);
  });
});

describe('POST /orders/status', () => {
  test('without wait tells which orders have ended', async () => {
    const [done, pending] = [await place(), await place()];
    await api.end(done, { status: 'CANCELLED', reason: 'DEADLINE' });
    const response = await api.post('/orders/status', { ids: [done, pending, done.toUpperCase()] });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ ended: [{ id: done, status: 'CANCELLED', reason: 'DEADLINE' }] });
  });

  test('with wait answers as soon as one of them ends, or has ended before', async () => {
    const ids = [await place(), await place(), await place()];
    const waiting = api.post('/orders/status?wait=30000', { ids });
    await sleep(50);
    await api.end(ids[1]!, { status: 'COMPLETED' }, 'here');
    const ended = { ended: [{ id: ids[1], status: 'COMPLETED', reason: null }] };
    expect((await waiting).json()).toEqual(ended);
    expect((await api.post('/orders/status?wait=10000', { ids })).json()).toEqual(ended);
  });

  test('with wait answers nothing when the time is up', async () => {
    const { value, tookMs } = await timed(api.post('/orders/status?wait=150', { ids: [await place()] }));
    expect(value.json()).toEqual({ ended: [] });
    expect(tookMs).toBeGreaterThanOrEqual(149);
  });

  test('answers 503 when more is waited for than there is room, and waits again when there is', async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, () => place()));
    const waiting = api.post('/orders/status?wait=30000', { ids });
    const room = api.app.get(WaitingRoom);
    while (room.free !== 40) await sleep(5);
    const refused = await api.post('/orders/status?wait=10000', { ids });
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('1');
    expect((await api.post('/orders/status', { ids })).statusCode).toBe(200);
    await api.end(ids[0]!, { status: 'COMPLETED' }, 'here');
    expect((await waiting).statusCode).toBe(200);
    expect((await api.post('/orders/status?wait=10000', { ids })).statusCode).toBe(200);
  });
});

describe('GET /orders', () => {
  test('pages through a customer’s orders, newest first, and ends with no cursor', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(await place({ customerId: 'paula' }));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const from: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = OrderPage.parse((await api.get(`/orders?customerId=paula&limit=2${from}`)).json());
      seen.push(...page.orders.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
  });

  test('filters by status', async () => {
    const [done, pending] = [await place({ customerId: 'peter' }), await place({ customerId: 'peter' })];
    await api.end(done, { status: 'COMPLETED' });
    const ids = async (query: string) =>
      (await api.get(`/orders?customerId=peter${query}`))
        .json<{ orders: { id: string }[] }>()
        .orders.map(({ id }) => id);
    expect(await ids('&status=COMPLETED')).toEqual([done]);
    expect(await ids('&status=PENDING')).toEqual([pending]);
    expect(await ids('')).toEqual([pending, done]);
  });

  test('shows the same of an order as GET /orders/{id}', async () => {
    const id = await place({ customerId: 'petra' });
    const { orders } = (await api.get('/orders?customerId=petra')).json<{ orders: unknown[] }>();
    expect(orders).toEqual([(await api.get(`/orders/${id}`)).json()]);
  });
});

describe('POST /orders/{id}/cancel', () => {
  const cancel = (id: string, body?: unknown) =>
    body === undefined
      ? api.inject({ method: 'POST', url: `/orders/${id}/cancel` })
      : api.post(`/orders/${id}/cancel`, body);
  const requestsFor = (id: string) =>
    api.sent.filter(({ key, value }) => key === id && JSON.parse(value).type === 'orchestrator.cancel');

  test('asks the flow to cancel, once however often it is asked', async () => {
    const id = await place();
    const responses = [
      await cancel(id),
      await cancel(id),
      ...(await Promise.all([cancel(id), cancel(id, {})])),
    ];
    for (const response of responses) {
      expect(response.statusCode).toBe(202);
      expect(response.headers.location).toBe(`/orders/${id}`);
      expect(response.json()).toMatchObject({ id, status: 'PENDING' });
    }
    const [request, ...others] = requestsFor(id);
    expect(others).toEqual([]);
    expect(request).toMatchObject({ topic: 'orchestrator.commands', lane: expect.any(Number) });
    expect(JSON.parse(request!.value)).toMatchObject({
      subject: id,
      source: '/order',
      data: { requestedBy: 'customer' },
    });
    const rows = await api.database.rows('SELECT http, value FROM outbox WHERE seq = $1', [request!.seq]);
    expect(rows).toEqual([{ http: true, value: request!.value }]);
  });

  test.each([
    ['COMPLETED', { status: 'COMPLETED' }],
    ['CANCELLED', { status: 'CANCELLED', reason: 'CANCELLED' }],
  ] as const)('is a 409 when the order is %s, and nothing is sent', async (status, progress) => {
    const id = await place();
    await api.end(id, progress);
    const response = await cancel(id);
    expect(response.statusCode).toBe(409);
    expect(response.json()).toMatchObject({ code: 'ORDER_ALREADY_ENDED', orderStatus: status });
    expect(requestsFor(id)).toEqual([]);
  });
});

describe('the API’s documentation', () => {
  interface Operation {
    parameters: { in: string; name: string; required: boolean; schema: object }[];
    responses: Record<string, object>;
  }
  const operations = async () =>
    (await api.get('/docs-json')).json<{ paths: Record<string, Record<string, Operation>> }>().paths;

  test('describes what can be asked for in a query, and in a header', async () => {
    const paths = await operations();
    const wait = { in: 'query', name: 'wait', required: false };
    expect(paths['/orders/{id}']?.['get']?.parameters).toContainEqual({
      ...wait,
      schema: { type: 'integer', minimum: 0, maximum: 30_000, default: 0 },
    });
    expect(paths['/orders/status']?.['post']?.parameters).toContainEqual(expect.objectContaining(wait));
    const names = paths['/orders']?.['get']?.parameters.map(({ name }) => name);
    expect(names).toEqual(['status', 'customerId', 'limit', 'cursor']);
    expect(paths['/orders/batch']?.['post']?.parameters).toMatchObject([{ in: 'header', name: 'Deadline' }]);
  });

  test('says of every route with an id that there may be no such order', async () => {
    for (const [path, methods] of Object.entries(await operations()).filter(([path]) =>
      path.includes('{id}'),
    ))
      for (const [method, { responses }] of Object.entries(methods))
        expect(responses, `${method} ${path}`).toHaveProperty('404');
  });

  test('describes every route and the bodies by the contracts', async () => {
    const document = (await api.get('/docs-json')).json<{
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: Record<string, unknown> };
    }>();
    expect(
      Object.entries(document.paths)
        .flatMap(([path, methods]) => Object.keys(methods).map(method => `${method} ${path}`))
        .sort(),
    ).toEqual([
      'get /orders',
      'get /orders/{id}',
      'get /orders/{id}/events',
      'post /orders',
      'post /orders/batch',
      'post /orders/status',
      'post /orders/{id}/cancel',
    ]);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        'PlaceOrder',
        'OrderAccepted',
        'OrderView',
        'PlaceOrders',
        'BatchLine',
        'Problem',
        'PlaceOrdersResult',
        'OrderPage',
      ]),
    );
  });
});

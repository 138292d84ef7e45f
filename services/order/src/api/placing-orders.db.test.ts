import { Order, startSaga } from '@ballast/contracts';
import { decode, laneOf } from '@ballast/messaging';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aBody, orderApi, slowBody } from './order-api.fixture.js';

const api = await orderApi();
/** Waits for a lock until it is found waiting. */
const patient = await orderApi({ lockTimeoutMs: 20_000 });
const place = (body: unknown, key?: string) =>
  api.post('/orders', body, key === undefined ? {} : { 'idempotency-key': key });
const messageOf = (id: string) => {
  const row = api.sent.find(({ key }) => key === id)!;
  return { row, message: decode(row.key, Buffer.from(row.value)) };
};

describe('an order that is placed', () => {
  test('is accepted, and found at its location', async () => {
    const today = () => new Date().toISOString().slice(0, 10);
    const before = today();
    const response = await place(aBody);
    const days = [before, today()];
    expect(response.statusCode).toBe(202);
    const { id } = response.json<{ id: string }>();
    expect(response.json()).toEqual({ id, status: 'PENDING', href: `/orders/${id}` });
    expect(response.headers).toMatchObject({
      location: `/orders/${id}`,
      'content-type': 'application/json; charset=utf-8',
    });
    expect(response.headers).not.toHaveProperty('idempotency-replayed');
    expect((await api.get(response.headers.location as string)).json()).toEqual({
      ...aBody,
      id,
      status: 'PENDING',
      reason: null,
      protocol: 'orchestrated',
      amountCents: 8_250,
      shipOn: expect.toBeOneOf(days),
      placedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      endedAt: null,
    });
  });

  test('starts its flow by a message of the same transaction, with the deadline and the caller’s trace', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const before = Date.now();
    const response = await api.post(
      '/orders',
      { ...aBody, shipOn: '2027-02-03' },
      { traceparent, tracestate: 'a=1' },
    );
    const { id } = response.json<{ id: string }>();
    const { row, message } = messageOf(id);
    expect(row).toMatchObject({ topic: 'orchestrator.commands', key: id, lane: laneOf(id, 16) });
    expect(message).toMatchObject({
      type: 'orchestrator.start',
      source: '/order',
      subject: id,
      traceparent,
      tracestate: 'a=1',
    });
    const data = startSaga.data.parse(message.data);
    expect(data.definition).toBe('place-order');
    expect(Order.strict().parse(data.input)).toEqual({ ...aBody, amountCents: 8_250, shipOn: '2027-02-03' });
    expect(Date.parse(data.deadline) - before).toBeGreaterThanOrEqual(30_000);
    expect(Date.parse(data.deadline) - Date.now()).toBeLessThanOrEqual(30_000);
    expect(await api.database.rows('SELECT http FROM outbox WHERE key = $1', [id])).toEqual([{ http: true }]);
  });

  test('never shows or keeps the card’s token', async () => {
    const response = await place({ ...aBody, payment: { kind: 'card', token: 'tok-secret-1' } });
    const { id } = response.json<{ id: string }>();
    const view = await api.get(`/orders/${id}`);
    expect(view.json()).toMatchObject({ payment: { kind: 'card' } });
    expect(view.body).not.toContain('tok-secret-1');
    expect(messageOf(id).message.data).toMatchObject({
      input: { payment: { kind: 'card', token: 'tok-secret-1' } },
    });
    const [stored] = await api.database.rows('SELECT orders::text AS row FROM orders WHERE id = $1', [id]);
    expect(stored!['row']).not.toContain('tok-secret-1');
  });

  test('shares its transaction with those that are placed at the same time', async () => {
    const ids = (await Promise.all(Array.from({ length: 40 }, () => place(aBody)))).map(
      response => response.json<{ id: string }>().id,
    );
    const [{ transactions } = { transactions: 0 }] = await api.database.rows<{ transactions: number }>(
      'SELECT count(DISTINCT xmin::text)::int AS transactions FROM orders WHERE id = ANY ($1)',
      [ids],
    );
    expect(transactions).toBeLessThan(10);
  });
});

describe('an Idempotency-Key', () => {
  test('with the same body gets the same bytes, and places nothing twice', async () => {
    const first = await place(aBody, 'same-key');
    const before = await api.countOrders();
    const again = await place(aBody, 'same-key');
    expect(again.statusCode).toBe(202);
    expect(again.rawPayload.equals(first.rawPayload)).toBe(true);
    expect(again.headers.location).toBe(first.headers.location);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await api.countOrders()).toBe(before);
  });

  test('gets the same answer after the order has ended', async () => {
    const first = await place(aBody, 'ended-key');
    await api.end(first.json<{ id: string }>().id, { status: 'COMPLETED' });
    expect((await place(aBody, 'ended-key')).body).toBe(first.body);
  });

  test('takes a body with its keys in another order for the same', async () => {
    const first = await place(aBody, 'shuffled');
    const shuffled = Object.fromEntries(Object.entries(aBody).reverse());
    expect((await place(shuffled, 'shuffled')).body).toBe(first.body);
  });

  test('with another body is a 422', async () => {
    await place(aBody, 'other-body');
    const response = await place({ ...aBody, customerId: 'bob' }, 'other-body');
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 });
    expect(response.headers['content-type']).toContain('application/problem+json');
  });

  test('of a request in hand is a 409, whatever the body', async () => {
    const inHand = await api.whileInHand(
      () => place(slowBody(), 'in-hand'),
      async () => {
        for (const body of [slowBody(), aBody]) {
          const response = await place(body, 'in-hand');
          expect(response.statusCode).toBe(409);
          expect(response.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_IN_FLIGHT' });
          expect(response.headers['retry-after']).toBe('1');
        }
      },
    );
    expect(inHand.statusCode).toBe(202);
    expect((await place(slowBody(), 'in-hand')).body).toBe(inHand.body);
  });

  test('places one order, however many requests bring it at the same time', async () => {
    const responses = await Promise.all(Array.from({ length: 50 }, () => place(aBody, 'stampede')));
    const accepted = responses.filter(({ statusCode }) => statusCode === 202);
    expect(new Set(accepted.map(({ body }) => body)).size).toBe(1);
    expect(responses.every(({ statusCode }) => statusCode === 202 || statusCode === 409)).toBe(true);
    expect(accepted.filter(({ headers }) => headers['idempotency-replayed'] === undefined)).toHaveLength(1);
    expect(await api.database.rows("SELECT id FROM orders WHERE idempotency_key = 'stampede'")).toHaveLength(
      1,
    );
  });

  test('is free again when its request was refused', async () => {
    expect(
      (await place({ ...aBody, lines: [{ ...aBody.lines[0], sku: 'unknown-1' }] }, 'second-try')).statusCode,
    ).toBe(422);
    expect((await place(aBody, 'second-try')).statusCode).toBe(202);
  });

  test.each([
    ['empty', ''],
    ['with a space', 'a b'],
    ['of 256 characters', 'x'.repeat(256)],
    ['with a tab', 'a\tb'],
    ['that is not ASCII', 'clé'],
  ])('%s is a 400', async (_, key) => {
    const response = await place(aBody, key);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_INVALID' });
  });

  test('of 255 characters is a key, and one in quotes is one too', async () => {
    expect((await place(aBody, 'x'.repeat(255))).statusCode).toBe(202);
    expect((await place(aBody, '"8e03978e-40d5-43dd-bc93-6894a57f9324"')).statusCode).toBe(202);
  });
});

test('an unknown SKU is a 422 that names it, and nothing is stored', async () => {
  const before = await api.countOrders();
  const response = await place({
    ...aBody,
    lines: [...aBody.lines, { ...aBody.lines[0], sku: 'unknown-cup' }],
  });
  expect(response.statusCode).toBe(422);
  expect(response.json()).toMatchObject({ code: 'UNKNOWN_SKU', sku: 'unknown-cup' });
  expect(await api.countOrders()).toBe(before);
});

describe('when the database is in the way', () => {
  /** A transaction of somebody else that has taken a key and does not end. */
  async function holdKey(key: string, { database } = api): Promise<pg.Client> {
    const stranger = new pg.Client(database.url);
    await stranger.connect();
    onTestFinished(() => stranger.end());
    await stranger.query('BEGIN');
    await stranger.query(
      `INSERT INTO orders (id, idempotency_key, body_hash, customer_id, protocol, amount_cents, details)
       VALUES (gen_random_uuid(), $1, '\\x00', 'bob', 'orchestrated', 1, '{}')`,
      [key],
    );
    return stranger;
  }

  test('a key that is in flight on another replica is a 409, and its neighbours are placed', async () => {
    const stranger = await holdKey('elsewhere');
    const responses = await Promise.all([place(aBody, 'elsewhere'), place(aBody, 'neighbour'), place(aBody)]);
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([409, 202, 202]);
    expect(responses[0].json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_IN_FLIGHT' });
    await stranger.query('ROLLBACK');
    expect((await place(aBody, 'elsewhere')).statusCode).toBe(202);
  });

  test('a connection that is lost is a 503 for the orders it carried, and the next ones go on', async () => {
    await holdKey('stuck', patient);
    /** Ends the connection that waits for the stranger, as soon as there is one. */
    const losing = async (request: ReturnType<typeof place>) => {
      for (let terminated = 0; terminated === 0; await sleep(5)) {
        const rows = await patient.database.rows(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'order' AND wait_event_type = 'Lock'`,
        );
        terminated = rows.length;
      }
      return request;
    };
    const alone = await losing(patient.post('/orders', aBody, { 'idempotency-key': 'stuck' }));
    expect(alone.statusCode).toBe(503);
    expect(alone.json()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(alone.headers['retry-after']).toBe('1');

    const lines = [{ order: aBody }, { idempotencyKey: 'stuck', order: aBody }, { order: aBody }];
    const batch = await losing(patient.post('/orders/batch', { orders: lines }));
    const refused = { accepted: false, status: 503, code: 'UNAVAILABLE' };
    expect(batch.json()).toMatchObject({ results: [refused, refused, refused] });

    expect((await patient.post('/orders', aBody)).statusCode).toBe(202);
  });
});

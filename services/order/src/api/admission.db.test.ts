import { VirtualClock } from '@ballast/resilience/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Admission } from '../intake/admission.js';
import { aBody, orderApi, slowBody } from './order-api.fixture.js';

/** Nobody waits too long there: its time stands still. */
const crowded = await orderApi({
  admission: new Admission(
    { inHandMax: 1, waitingMax: 2, perCustomerPerSecond: 1_000 },
    { clock: new VirtualClock() },
  ),
});
const limits = { inHandMax: 100, waitingMax: 100, perCustomerPerSecond: 2 };
/** However long its orders take, no customer may place another one meanwhile. */
const rated = await orderApi({ admission: new Admission(limits, { clock: new VirtualClock() }) });
const timed = await orderApi({ admission: new Admission(limits) });
const newKey = () => ({ 'idempotency-key': randomUUID() });
const batchOf = (count: number, order: object) => ({
  orders: Array.from({ length: count }, () => ({ order })),
});

test('beyond its room an order is refused with 503 and a time to come again; looking at orders goes on', async () => {
  const placed = (await crowded.post('/orders', aBody, newKey())).json<{ id: string }>();
  let waiting: Promise<{ statusCode: number }>[] = [];
  const slow = await crowded.whileInHand(
    () => crowded.post('/orders', slowBody(), newKey()),
    async () => {
      waiting = [0, 1].map(() => crowded.post('/orders', aBody, newKey()));
      await sleep(50);
      const refused = await crowded.post('/orders', aBody, newKey());
      expect([refused.statusCode, refused.json()]).toMatchObject([503, { code: 'UNAVAILABLE' }]);
      expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);

      const batch = await crowded.post('/orders/batch', batchOf(3, aBody));
      expect(batch.json().results).toMatchObject(
        Array(3).fill({ accepted: false, status: 503, code: 'UNAVAILABLE' }),
      );
      expect((await crowded.get(`/orders/${placed.id}`)).statusCode).toBe(200);
      expect((await crowded.get('/orders')).statusCode).toBe(200);
    },
  );
  expect(slow.statusCode).toBe(202);
  expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([202, 202]);
});

test('a customer who places too many is answered 429, and the others are not', async () => {
  const answers = [];
  for (let asked = 0; asked < 6; asked++) answers.push(await rated.post('/orders', aBody, newKey()));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202, 202, 429, 429]);
  expect(answers[5]!.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
  expect(answers[5]!.headers['retry-after']).toBe('1');
  expect((await rated.post('/orders', { ...aBody, customerId: 'bob' }, newKey())).statusCode).toBe(202);
});

test('a batch counts as many orders as it has', async () => {
  const before = await rated.countOrders();
  const { results } = (
    await rated.post('/orders/batch', batchOf(10, { ...aBody, customerId: 'carol' }))
  ).json();
  const codes = results.map((result: { accepted: boolean; code?: string }) => result.code ?? 'accepted');
  expect(codes).toEqual([...Array(4).fill('accepted'), ...Array(6).fill('RATE_LIMITED')]);
  expect(await rated.countOrders()).toBe(before + 4);
});

test('an order whose deadline has passed is not placed', async () => {
  const before = await timed.countOrders();
  const customer = { ...aBody, customerId: 'dave' };
  const late = { ...newKey(), deadline: new Date(Date.now() - 1).toISOString() };
  const refused = await timed.post('/orders', customer, late);
  expect([refused.statusCode, refused.json()]).toMatchObject([
    504,
    { code: 'DEADLINE_PASSED', detail: 'nothing of the order was kept' },
  ]);
  expect(await timed.countOrders()).toBe(before);
  const inTime = { ...newKey(), deadline: new Date(Date.now() + 10_000).toISOString() };
  expect((await timed.post('/orders', customer, inTime)).statusCode).toBe(202);
});

test.each(['', 'soon', '2001', '2026-13-45T00:00:00Z'])('a deadline of %j cannot be kept', async deadline => {
  const before = await timed.countOrders();
  const headers = { ...newKey(), deadline };
  for (const [path, body] of [
    ['/orders', aBody],
    ['/orders/batch', batchOf(1, aBody)],
  ] as const) {
    const refused = await timed.post(path, body, headers);
    expect([refused.statusCode, refused.json()]).toMatchObject([400, { code: 'BAD_REQUEST' }]);
  }
  expect(await timed.countOrders()).toBe(before);
});

test('when the deadline passes while the order is in hand, its key tells what has become of it', async () => {
  // The order has to be in hand by then.
  const deadlineAtMs = Date.now() + 3_000;
  const headers = { ...newKey(), deadline: new Date(deadlineAtMs).toISOString() };
  const body = { ...slowBody(), customerId: 'erin' };
  const answer = await timed.whileInHand(
    () => timed.post('/orders', body, headers),
    () => sleep(deadlineAtMs - Date.now() + 200),
  );
  expect([answer.statusCode, answer.json().code]).toEqual([504, 'DEADLINE_PASSED']);
  const again = await timed.post('/orders', body, { 'idempotency-key': headers['idempotency-key'] });
  expect(again.statusCode).toBe(202);
});

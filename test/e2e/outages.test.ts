import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { anOrder as mixedOrder, Customer, fillShop } from '../chaos/mixed-orders.js';
import { judge } from '../invariants/judge.js';
import { openShop } from './shop.js';

const unsentMax = 40;
const shop = await openShop({
  durable: true,
  // An order is not given up while a server is away: only then is it the outage that is tested, not the deadline.
  environment: () => ({ UNSENT_ORDERS_MAX: String(unsentMax), ORDER_TIMEOUT_MS: '120000' }),
});
const { stack } = shop;
const customer = new Customer(stack);
afterAll(() => customer.close());

beforeAll(async () => {
  await fillShop(stack);
  await customer.awaitEnds(await customer.place(20));
});

const placeOne = () => shop.request('POST', shop.orders, mixedOrder('wallet'));
const ready = async (service: 'order' | 'inventory') =>
  (await shop.request('GET', `${stack.urls[service]}/health/ready`)).status;

/** Polls, because nothing tells when a process notices. */
async function becomes<T>(read: () => Promise<T>, wanted: T, withinMs: number): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const value = await read().catch(() => null);
    if (value === wanted) return performance.now() - begun;
    if (performance.now() - begun > withinMs)
      throw new Error(`still ${String(value)} instead of ${String(wanted)} after ${withinMs} ms`);
    await sleep(50);
  }
}

async function expectAllCompleted(ids: readonly string[]) {
  await customer.awaitEnds(ids, 60_000);
  const { body } = await shop.request('POST', `${shop.orders}/status`, { ids });
  expect(
    body.ended.map(({ status, reason }: { status: string; reason: string }) => ({ status, reason })),
  ).toEqual(ids.map(() => ({ status: 'COMPLETED', reason: null })));
}

test('Kafka is killed: orders are accepted up to the bound, then 503; when it is back all go through', async () => {
  const inFlight = await customer.place(30, ['wallet']);
  await stack.unit('kafka').kill('SIGKILL');
  const accepted: string[] = [];
  let refused = null;
  for (let tries = 0; refused === null && tries < 4 * unsentMax; tries++) {
    const answer = await placeOne();
    if (answer.status === 202) accepted.push(answer.body.id);
    else refused = answer;
  }
  expect(accepted.length).toBeGreaterThanOrEqual(unsentMax);
  expect(refused).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  expect(Number(refused!.headers.get('retry-after'))).toBeGreaterThan(0);
  await becomes(() => ready('order'), 503, 10_000);
  await sleep(3_000);
  await stack.unit('kafka').start();
  await expectAllCompleted([...inFlight, ...accepted]);
  await becomes(() => ready('order'), 200, 20_000);
  expect((await placeOne()).status).toBe(202);
});

test('PostgreSQL is killed: nothing is accepted, and what was goes on when it is back', async () => {
  const inFlight = await customer.place(30, ['wallet']);
  await stack.unit('postgres').kill('SIGKILL');
  const refused = await placeOne();
  expect(refused).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  await becomes(() => ready('inventory'), 503, 10_000);
  await sleep(3_000);
  await stack.unit('postgres').start();
  await expectAllCompleted(inFlight);
  await becomes(() => ready('inventory'), 200, 20_000);
});

test('PostgreSQL hangs for longer than a transaction may take, and goes on', async () => {
  const inFlight = await customer.place(30, ['wallet']);
  await stack.unit('postgres').kill('SIGSTOP');
  await sleep(6_000);
  await stack.unit('postgres').kill('SIGCONT');
  await expectAllCompleted(inFlight);
});

test('Kafka hangs for longer than a session, and goes on', async () => {
  const inFlight = await customer.place(30, ['wallet']);
  await stack.unit('kafka').kill('SIGSTOP');
  await sleep(6_000);
  await stack.unit('kafka').kill('SIGCONT');
  await expectAllCompleted(inFlight);
});

test('after these outages every invariant holds', async () => {
  const { verdict, invariants } = await judge(stack, { acknowledged: customer.acknowledged, faults: 4 });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});

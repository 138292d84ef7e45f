import type { PlaceOrder, Protocol } from '@ballast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashAt, crashEnvironment, type CrashPoint } from '../chaos/crash-points.js';
import { openShop } from '../e2e/shop.js';
import { judge } from '../invariants/judge.js';
import { OrderClient } from '../load/order-client.js';
import { untilAnswered } from '../load/until-answered.js';
import { anyOrderUnder, casesUnder, orderUnder, shelves } from './cases.js';
import { Doubling } from './doubled-messages.js';
import { lockGoods } from './locked-goods.js';
import { protocols } from './protocols.js';

/** Long enough for everything that does not wait on purpose, short enough to be waited for. */
const orderTimeoutMs = 20_000;
const shop = await openShop({
  environment: directory => ({
    ...crashEnvironment(directory),
    ORDER_TIMEOUT_MS: String(orderTimeoutMs),
    // Later than a busy machine gets to the decision: whoever asks before it has the order aborted.
    BRANCH_ASK_AFTER_MS: '6000',
  }),
});
const { stack } = shop;
const client = new OrderClient(stack.urls.order, 200, 'conformance');
afterAll(() => client.close());
let keys = 0;
const acknowledged: string[] = [];
let faults = 0;
/** Orders that wait for goods until their deadline has passed, while everything else is tried. */
let waiting: readonly (readonly [Protocol, string])[];

beforeAll(async () => {
  const numbers = Array.from({ length: shelves }, (_, number) => number);
  const goods = [...numbers.map(number => `article-${number}`), 'wanted'];
  await Promise.all([
    ...goods.map(sku => shop.deliver(sku, 10_000)),
    ...protocols.map(protocol => shop.deliver(`wanted-${protocol}`, 10)),
    ...numbers.map(number => shop.deposit(`customer-${number}`, 10_000_000)),
    shop.deliver('lamp', 1),
    shop.deposit('poor', 1),
    shop.addSlots('north', 10_000),
    shop.addSlots('slow', 100),
    shop.addSlots('full', 1),
  ]);
  await ended(await place(orderUnder('orchestrated', 0, { address: { ...anywhere, zone: 'full' } })));
  await shop.request('PUT', `${stack.urls.carrier}/programme`, {
    rules: [{ match: { zone: 'slow' }, delayMs: 2_000 }],
  });
  waiting = await waitersForGoods();
});

const anywhere = orderUnder('orchestrated', 0).address;

/** Placed once, whoever dies meanwhile. */
async function place(order: PlaceOrder): Promise<string> {
  const key = keys++;
  const id = await untilAnswered(() => client.place(key, order));
  acknowledged.push(id);
  return id;
}

async function ended(id: string) {
  for (const begun = performance.now(); ;) {
    const [end] = await untilAnswered(() => client.ended([id], 5_000));
    if (end !== undefined) return end;
    if (performance.now() - begun > 90_000) throw new Error(`order ${id} has not ended`);
  }
}

const cancel = (id: string) => shop.request('POST', `${shop.orders}/${id}/cancel`);

async function waitersForGoods() {
  const letGo = await lockGoods(stack, 'wanted');
  const lines = [{ sku: 'wanted', quantity: 1, unitPriceCents: 100 }];
  const placed = await Promise.all(
    protocols.map(
      async (protocol, number) => [protocol, await place(orderUnder(protocol, number, { lines }))] as const,
    ),
  );
  setTimeout(() => void letGo(), orderTimeoutMs + 1_000);
  return placed;
}

describe.concurrent.each(protocols)('%s', protocol => {
  test.each(casesUnder(protocol))(
    'an order $name ends as it should',
    async ({ order, reason, refusedWith, number }) => {
      const placing = orderUnder(protocol, number, order);
      if (refusedWith !== null) {
        const answer = await shop.request('POST', shop.orders, placing);
        expect(answer).toMatchObject({ status: 422, body: { code: refusedWith } });
        return;
      }
      const id = await place(placing);
      expect(await ended(id)).toEqual({ id, status: reason === null ? 'COMPLETED' : 'CANCELLED', reason });
    },
  );

  test('an order that is cancelled while somebody waits for its goods is cancelled', async () => {
    const sku = `wanted-${protocol}`;
    const letGo = await lockGoods(stack, sku);
    const id = await place(orderUnder(protocol, 11, { lines: [{ sku, quantity: 1, unitPriceCents: 100 }] }));
    await sleep(300);
    expect((await cancel(id)).status).toBe(202);
    await sleep(500);
    await letGo();
    expect(await ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
  });

  test('an order that is cancelled when its money was taken is completed', async () => {
    const id = await place(orderUnder(protocol, 12, { address: { ...anywhere, zone: 'slow' } }));
    await untilPaid(id);
    expect([202, 409]).toContain((await cancel(id)).status);
    expect(await ended(id)).toMatchObject({ status: 'COMPLETED', reason: null });
  });
});

async function untilPaid(id: string): Promise<void> {
  for (const begun = performance.now(); ; await sleep(20)) {
    const { body } = await shop.request('GET', `${stack.urls.payment}/authorizations/${id}`);
    if (body?.status === 'CAPTURED') return;
    if (performance.now() - begun > 20_000)
      throw new Error(`order ${id} is not paid: ${JSON.stringify(body)}`);
  }
}

/** So many orders under each protocol, at the same time. */
const placeCrowd = async (ofEach: number): Promise<string[]> =>
  Promise.all(
    protocols.flatMap(protocol =>
      Array.from({ length: ofEach }, (_, number) => place(anyOrderUnder(protocol, number))),
    ),
  );

test('with each message published twice, every order ends as it should', async () => {
  const doubling = new Doubling(stack.brokers);
  await doubling.start();
  const ids = await placeCrowd(10);
  const ends = await Promise.all(ids.map(ended));
  await doubling.stop();
  faults += doubling.doubled;
  expect(doubling.doubled).toBeGreaterThan(ids.length * 5);
  expect(ends.map(({ reason }) => reason)).toEqual(
    protocols.flatMap(() => Array.from({ length: 10 }, (_, number) => reasons[number % reasons.length])),
  );
});

/** Of the crowd's orders, in turn. */
const reasons = [null, null, 'ADDRESS_NOT_SERVED', null, 'OUT_OF_STOCK'];

test('when a participant falls behind the others, and orders are cancelled meanwhile, all end', async () => {
  for (const service of ['inventory', 'payment', 'shipping'] as const) {
    await stack.unit(service).kill('SIGSTOP');
    // The article is known by now: inventory is not asked for it.
    const ids = await placeCrowd(4);
    await sleep(500);
    await Promise.all(ids.filter((_, index) => index % 2 === 0).map(cancel));
    await sleep(300);
    await stack.unit(service).kill('SIGCONT');
    await Promise.all(ids.map(ended));
    faults++;
  }
});

const points: readonly CrashPoint[] = [
  { service: 'orchestrator', moment: 'pass committed', nth: 3 },
  { service: 'payment', moment: 'pass decided', nth: 3 },
  { service: 'inventory', moment: 'branch prepared', nth: 2 },
  { service: 'order', moment: 'rows sent', nth: 2 },
];

test.each(points)('when $service dies at "$moment", all orders end', async point => {
  const { orderIds } = await crashAt(
    stack,
    { place: count => placeCrowd(count / protocols.length) },
    point,
    40,
  );
  await Promise.all(orderIds.map(ended));
  faults++;
});

test('an order that waits for goods until its deadline is cancelled then', async () => {
  for (const [protocol, id] of waiting) {
    const { status, reason } = await ended(id);
    expect({ protocol, status }).toEqual({ protocol, status: 'CANCELLED' });
    // A participant of a two-phase commit gives up waiting for a lock, and votes no.
    expect(['DEADLINE', 'TIMEOUT']).toContain(reason);
  }
});

test('after all of this every invariant holds, for every protocol', async () => {
  const { verdict, invariants } = await judge(stack, {
    acknowledged,
    faults,
    limits: { faultsMin: points.length },
  });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});

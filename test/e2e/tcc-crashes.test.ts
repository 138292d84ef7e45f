import type { SagaDetails, SagaView } from '@ballast/contracts';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { judge } from '../invariants/judge.js';
import { anOrder, openShop } from './shop.js';
import { expectWhole, rowsOf } from './whole-business.js';

const shop = await openShop({
  environment: () => ({
    HOLD_MS: '4000',
    HOLD_ASK_AGAIN_MS: '1000',
    STEP_TIMEOUT_MS: '6000',
    ORDER_TIMEOUT_MS: '120000',
  }),
});
const { stack } = shop;
const delivered = { kettle: 10_000 };
const participants = ['inventory', 'payment', 'shipping'] as const;

beforeAll(async () => {
  await shop.deliver('kettle', delivered.kettle);
  await shop.deposit('alice', 1_000_000);
  await shop.deposit('bob', 10);
  await shop.addSlots('north', 1_000);
});

/** A test that failed may have left one dead. */
beforeEach(async () => {
  for (const name of ['orchestrator', ...participants, 'order'])
    if (!stack.unit(name).running) await stack.unit(name).start();
  await gatewayThinks(0);
});

const slowCard = { kind: 'card', token: 'tok_slow' } as const;
const acknowledged: string[] = [];
async function place(changes: Parameters<typeof anOrder>[0] = {}): Promise<string> {
  const id = await shop.place(anOrder({ protocol: 'tcc', ...changes }));
  acknowledged.push(id);
  return id;
}

/** How long the gateway thinks about each hold from now on. */
const gatewayThinks = (delayMs: number) =>
  shop.request('PUT', `${stack.urls['card-gateway']}/programme`, {
    rules: delayMs === 0 ? [] : [{ match: { operation: 'hold' }, delayMs }],
  });

async function becomes(what: string, isSo: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  for (const begun = performance.now(); !(await isSo()); await sleep(20)) {
    if (performance.now() - begun > withinMs) throw new Error(`not so after ${withinMs} ms: ${what}`);
  }
}

const holdsOf = (service: (typeof participants)[number], ids: readonly string[]) =>
  rowsOf<{ asked: number }>(shop, service, 'SELECT asked FROM hold WHERE order_id = ANY ($1::uuid[])', [ids]);
const isHeldIn = (service: (typeof participants)[number], ...ids: string[]) =>
  becomes(`held in ${service}`, async () => (await holdsOf(service, ids)).length === ids.length);
const stateOf = ({ steps }: SagaView, name: string) => steps.find(step => step.name === name)!;
const timelineOf = async (id: string) =>
  ((await shop.request('GET', `${stack.urls.operations}/operations/sagas/${id}`)).body as SagaDetails)
    .timeline;

test('the coordinator is killed between the tries and the decision: nothing is locked, and it decides when it is back', async () => {
  await gatewayThinks(2_500);
  const ids = await Promise.all(Array.from({ length: 10 }, () => place({ payment: slowCard })));
  await isHeldIn('inventory', ...ids);
  await isHeldIn('shipping', ...ids);
  await stack.unit('orchestrator').kill('SIGKILL');
  await isHeldIn('payment', ...ids);
  // Everybody has said yes, and there is nobody to decide: what is set aside stays so, and asks.
  await becomes('asked', async () => (await holdsOf('inventory', ids)).every(({ asked }) => asked > 0));
  expect(await shop.stock('kettle')).toMatchObject({ reserved: ids.length });
  // A row that an order has set goods aside from is not locked by it.
  await shop.deliver('kettle', 1);
  delivered.kettle += 1;
  await stack.unit('orchestrator').start();
  const orders = await Promise.all(ids.map(id => shop.ended(id)));
  // Whichever is read first, the last yes or the first question, is the decision.
  for (const { status, reason } of orders) expect(['COMPLETED', 'TIMEOUT']).toContain(reason ?? status);
  await gatewayThinks(0);
  await expectWhole(shop, delivered);
});

test('a participant is killed with what it holds, which expires: back again it asks, and obeys', async () => {
  await gatewayThinks(25_000);
  const id = await place({ payment: slowCard });
  await isHeldIn('inventory', id);
  await isHeldIn('shipping', id);
  // Both that hold something: nobody is left to ask in the other's place.
  await stack.unit('inventory').kill('SIGKILL');
  await stack.unit('shipping').kill('SIGKILL');
  await sleep(4_500);
  expect(await shop.saga(id)).toMatchObject({ state: 'running' });
  await stack.unit('inventory').start();
  await becomes('aborted by the question', async () => (await shop.saga(id)).state === 'compensating');
  const timeline = await timelineOf(id);
  expect(timeline.find(({ what }) => what === 'decided')).toMatchObject({ reason: 'TIMEOUT' });
  // It was not the coordinator that had lost its patience.
  expect(timeline.filter(({ what, attempt }) => what === 'timed out' && attempt === 3)).toEqual([]);
  await becomes('given back', async () => (await holdsOf('inventory', [id])).length === 0);
  expect(await shop.stock('kettle')).toMatchObject({ reserved: 0 });
  await gatewayThinks(0);
  await stack.unit('shipping').start();
  expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'TIMEOUT' });
  await expectWhole(shop, delivered);
});

test('a confirm is repeated while its participant is down, and done once when it is back', async () => {
  await gatewayThinks(2_500);
  const id = await place({ payment: slowCard });
  await isHeldIn('shipping', id);
  // Heard, not only done: its yes may wait in the outbox, and would die with it.
  await becomes('voted for', async () => stateOf(await shop.saga(id), 'shipping').state === 'prepared');
  await stack.unit('shipping').kill('SIGKILL');
  await becomes(
    'confirmed elsewhere',
    async () => stateOf(await shop.saga(id), 'payment').state === 'committed',
  );
  await becomes('repeated', async () => stateOf(await shop.saga(id), 'shipping').attempts >= 2);
  expect((await shop.request('GET', `${shop.orders}/${id}`)).body).toMatchObject({ status: 'PENDING' });
  await gatewayThinks(0);
  await stack.unit('shipping').start();
  expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
  await expectWhole(shop, delivered);
});

test.each(['orchestrator', ...participants, 'order'] as const)(
  'the %s process is killed with 60 orders in flight: all end, each with all of its effects or none',
  async name => {
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        place({
          ...(index % 3 === 1 && { payment: { kind: 'card', token: 'tok_visa' } as const }),
          ...(index % 4 === 2 && { customerId: 'bob', payment: { kind: 'wallet' } as const }),
          ...(index % 5 === 4 && { address: { ...anOrder().address, zone: 'nowhere' } }),
        }),
      ),
    );
    const unit = stack.unit(name);
    await unit.kill('SIGKILL');
    const ended = `SELECT order_id FROM saga_progress WHERE NOT running AND order_id = ANY ($1::uuid[])`;
    // Otherwise the kill came too late to prove anything.
    expect((await rowsOf(shop, 'orchestrator', ended, [ids])).length).toBeLessThan(ids.length);
    await unit.start();
    const orders = await Promise.all(ids.map(id => shop.ended(id)));
    const outcomes = new Set(orders.map(({ status, reason }) => reason ?? status));
    for (const outcome of outcomes)
      expect(['COMPLETED', 'TIMEOUT', 'INSUFFICIENT_FUNDS', 'ADDRESS_NOT_SERVED']).toContain(outcome);
    await expectWhole(shop, delivered);
  },
);

test('after all these deaths every invariant holds', async () => {
  const { verdict, invariants } = await judge(stack, { acknowledged, faults: 9 });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});

import type { PlaceOrder, SagaView } from '@ballast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { anOrder, openShop } from './shop.js';
import { expectAgreed } from './two-phase-books.js';

// The deadline comes before the first question of who has prepared and hears nothing.
const shop = await openShop({
  environment: () => ({ ORDER_TIMEOUT_MS: '8000', BRANCH_ASK_AFTER_MS: '10000' }),
});
const { stack } = shop;
const { urls } = stack;
const articles = Array.from({ length: 10 }, (_, number) => `article-${number}`);
const delivered = { kettle: 1_000, lamp: 1, ...Object.fromEntries(articles.map(sku => [sku, 100])) };

beforeAll(async () => {
  for (const [sku, quantity] of Object.entries(delivered)) await shop.deliver(sku, quantity);
  await shop.deposit('alice', 1_000_000);
  await shop.deposit('bob', 10);
  for (const number of Array(40).keys()) await shop.deposit(`customer-${number}`, 10_000);
  await shop.addSlots('north', 1_000);
  await shop.addSlots('narrow', 1);
});

const prepared = (changes: Partial<PlaceOrder> = {}) => anOrder({ protocol: 'two-phase', ...changes });
const zoned = (zone: string) => ({ address: { ...anOrder().address, zone } });
const ended = async (order: PlaceOrder) => shop.ended(await shop.place(order));

async function sagaWhen(id: string, isSo: (saga: SagaView) => boolean): Promise<SagaView> {
  for (const begun = performance.now(); ; await sleep(20)) {
    const saga = await shop.saga(id);
    if (saga.steps !== undefined && isSo(saga)) return saga;
    if (performance.now() - begun > 20_000) throw new Error(`still ${JSON.stringify(saga)}`);
  }
}
const stateOf = ({ steps }: SagaView, name: string) => steps.find(step => step.name === name)?.state;

describe('an order under two-phase commit', () => {
  test('that pays by wallet is prepared everywhere, committed, and sent off', async () => {
    const { id, ...order } = await ended(prepared());
    expect(order).toMatchObject({ status: 'COMPLETED', reason: null, protocol: 'two-phase' });
    const saga = await sagaWhen(id, ({ endedAt }) => endedAt !== null);
    expect(saga).toMatchObject({
      protocol: 'two-phase',
      state: 'completed',
      steps: [
        { name: 'order', state: 'committed' },
        { name: 'inventory', state: 'committed' },
        { name: 'payment', state: 'committed' },
        { name: 'shipping', state: 'committed' },
        { name: 'dispatch shipment', state: 'done' },
      ],
    });
    const { body } = await shop.request('GET', `${urls.shipping}/shipments/${id}`);
    expect(body).toMatchObject({ status: 'DISPATCHED' });
  });

  test('that pays by card is refused: a card cannot be prepared', async () => {
    const order = prepared({ payment: { kind: 'card', token: 'tok_visa' } });
    expect(await shop.request('POST', shop.orders, order)).toMatchObject({
      status: 422,
      body: { code: 'CARD_NOT_PREPARABLE' },
    });
  });

  test.each<[string, PlaceOrder]>([
    ['OUT_OF_STOCK', prepared({ lines: [{ sku: 'lamp', quantity: 2, unitPriceCents: 100 }] })],
    ['INSUFFICIENT_FUNDS', prepared({ customerId: 'bob' })],
    ['UNKNOWN_CUSTOMER', prepared({ customerId: 'nobody' })],
    ['ADDRESS_NOT_SERVED', prepared(zoned('nowhere'))],
  ])('is cancelled with %s, and nothing was done anywhere', async (reason, order) => {
    expect(await ended(order)).toMatchObject({ status: 'CANCELLED', reason });
  });

  test('for the last place is served once', async () => {
    const orders = [];
    for (const customerId of ['customer-0', 'customer-1', 'customer-2'])
      orders.push(await ended(prepared({ customerId, ...zoned('narrow') })));
    expect(orders.map(({ status, reason }) => reason ?? status)).toEqual([
      'COMPLETED',
      'NO_CAPACITY',
      'NO_CAPACITY',
    ]);
  });

  test('is cancelled by its customer before the decision, though some have prepared', async () => {
    await stack.unit('shipping').kill('SIGKILL');
    const id = await shop.place(prepared({ customerId: 'customer-3' }));
    await sagaWhen(id, saga => stateOf(saga, 'payment') === 'prepared');
    expect((await shop.request('POST', `${shop.orders}/${id}/cancel`)).status).toBe(202);
    await sagaWhen(id, saga => stateOf(saga, 'payment') === 'aborted');
    await stack.unit('shipping').start();
    expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
  });

  test('is not cancelled after the decision: it is committed everywhere', async () => {
    const id = await shop.place(prepared({ customerId: 'customer-3' }));
    await shop.ended(id);
    expect(await shop.request('POST', `${shop.orders}/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'ORDER_ALREADY_ENDED' },
    });
    expect(await sagaWhen(id, ({ endedAt }) => endedAt !== null)).toMatchObject({ state: 'completed' });
  });

  test('is cancelled when its deadline passes before everybody has voted', async () => {
    await stack.unit('inventory').kill('SIGKILL');
    const id = await shop.place(prepared({ customerId: 'customer-4' }));
    await sagaWhen(id, saga => stateOf(saga, 'payment') === 'aborted');
    await stack.unit('inventory').start();
    expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'DEADLINE' });
  });

  test('many at once, beside sagas, end well', async () => {
    const protocols = ['two-phase', 'orchestrated'] as const;
    const orders = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        ended(
          anOrder({
            protocol: protocols[index % 2]!,
            customerId: index % 5 === 0 ? 'bob' : `customer-${index}`,
            lines: [{ sku: articles[index % 10]!, quantity: 1, unitPriceCents: 100 }],
          }),
        ),
      ),
    );
    const outcomes = orders.map(({ reason, status }) => reason ?? status);
    for (const [index, outcome] of outcomes.entries()) {
      // Who waits for too long for what others have prepared is given up: that is the price of locks.
      const may = index % 5 === 0 ? /INSUFFICIENT_FUNDS|TIMEOUT|DEADLINE/ : /COMPLETED|TIMEOUT|DEADLINE/;
      expect(outcome).toMatch(may);
    }
    expect(outcomes).toContain('COMPLETED');
    expect(outcomes).toContain('INSUFFICIENT_FUNDS');
  });
});

test('nothing is left in doubt, everybody did what was decided, and the business is whole', async () => {
  await expectAgreed(shop, delivered);
});

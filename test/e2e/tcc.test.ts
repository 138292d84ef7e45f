import type { PlaceOrder, Programme, SagaView } from '@ballast/contracts';
import { beforeAll, describe, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { anOrder, openShop } from './shop.js';
import { expectWhole, rowsOf } from './whole-business.js';

const shop = await openShop({
  environment: () => ({ ORDER_TIMEOUT_MS: '3500', PARK_AFTER_ATTEMPTS: '2' }),
});
const { urls } = shop.stack;
const delivered = { kettle: 1_000, lamp: 1 };
const slots = 200;

beforeAll(async () => {
  for (const [sku, quantity] of Object.entries(delivered)) await shop.deliver(sku, quantity);
  await shop.deposit('alice', 1_000_000);
  await shop.deposit('bob', 10);
  await shop.addSlots('north', slots);
  await shop.addSlots('narrow', 1);
});

const tried = (changes: Partial<PlaceOrder> = {}) => anOrder({ protocol: 'tcc', ...changes });
const card = (token: string) => ({ kind: 'card', token }) as const;
const zoned = (zone: string) => ({ address: { ...anOrder().address, zone } });
const programme = (party: 'card-gateway' | 'carrier', ...rules: Partial<Programme['rules'][number]>[]) =>
  shop.request('PUT', `${urls[party]}/programme`, { rules });

async function sagaWhen(id: string, isSo: (saga: SagaView) => boolean): Promise<SagaView> {
  for (const begun = performance.now(); ; await sleep(20)) {
    const saga = await shop.saga(id);
    if (saga.steps !== undefined && isSo(saga)) return saga;
    if (performance.now() - begun > 15_000) throw new Error(`still ${JSON.stringify(saga)}`);
  }
}
const stateOf = (saga: SagaView, name: string) => saga.steps.find(step => step.name === name)?.state;
const ended = async (order: PlaceOrder) => shop.ended(await shop.place(order));

describe('an order under try-confirm-cancel', () => {
  test('that pays by wallet is completed: every branch has committed', async () => {
    const { id, ...order } = await ended(tried());
    expect(order).toMatchObject({ status: 'COMPLETED', reason: null, protocol: 'tcc' });
    const saga = await sagaWhen(id, ({ endedAt }) => endedAt !== null);
    expect(saga).toMatchObject({
      protocol: 'tcc',
      definition: 'place-order-tcc',
      state: 'completed',
      steps: [
        { name: 'inventory', state: 'committed' },
        { name: 'payment', state: 'committed' },
        { name: 'shipping', state: 'committed' },
        { name: 'complete order', state: 'done' },
      ],
    });
  });

  test('that pays by card is completed', async () => {
    expect(await ended(tried({ payment: card('tok_visa') }))).toMatchObject({ status: 'COMPLETED' });
  });

  test.each<[string, PlaceOrder]>([
    ['OUT_OF_STOCK', tried({ lines: [{ sku: 'lamp', quantity: 2, unitPriceCents: 100 }] })],
    ['INSUFFICIENT_FUNDS', tried({ customerId: 'bob' })],
    ['UNKNOWN_CUSTOMER', tried({ customerId: 'nobody' })],
    ['CARD_DECLINED', tried({ payment: card('tok_declined') })],
    ['ADDRESS_NOT_SERVED', tried(zoned('nowhere'))],
  ])('is cancelled with %s, and whatever was set aside is given back', async (reason, order) => {
    expect(await ended(order)).toMatchObject({ status: 'CANCELLED', reason });
  });

  test('of many for one place, one gets it', async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, () => ended(tried(zoned('narrow')))));
    const outcomes = orders.map(({ status, reason }) => reason ?? status).sort();
    expect(outcomes).toEqual(['COMPLETED', ...Array<string>(9).fill('NO_CAPACITY')]);
  });

  test('is cancelled by its customer before the decision', async () => {
    await programme('card-gateway', { match: { token: 'tok_slow' }, delayMs: 1_500 });
    const id = await shop.place(tried({ payment: card('tok_slow') }));
    await sagaWhen(id, saga => stateOf(saga, 'inventory') === 'prepared');
    expect((await shop.request('POST', `${shop.orders}/${id}/cancel`)).status).toBe(202);
    expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
    await programme('card-gateway');
  });

  test('is not cancelled after the decision: it is confirmed', async () => {
    await programme('carrier', { delayMs: 1_500 });
    const id = await shop.place(tried());
    await sagaWhen(id, saga => stateOf(saga, 'inventory') === 'committed');
    expect((await shop.request('POST', `${shop.orders}/${id}/cancel`)).status).toBe(202);
    expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
    await programme('carrier');
  });

  test('is cancelled when its deadline passes while a try is under way, and the late try is undone', async () => {
    await programme('card-gateway', { match: { token: 'tok_late' }, delayMs: 4_500 });
    const order = await ended(tried({ payment: card('tok_late') }));
    expect(order).toMatchObject({ status: 'CANCELLED', reason: 'DEADLINE' });
    await programme('card-gateway');
  });

  test('whose capture is declined is confirmed at a later attempt: a confirm never fails', async () => {
    await programme('card-gateway', { match: { operation: 'capture' }, answer: 'decline', times: 1 });
    const id = await shop.place(tried({ payment: card('tok_hesitant') }));
    expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
    const { steps } = await shop.saga(id);
    expect(steps[1]).toMatchObject({ name: 'payment', state: 'committed', attempts: 2 });
    await programme('card-gateway');
  });

  test('many at once end well, beside sagas', async () => {
    const protocols = ['tcc', 'orchestrated'] as const;
    const orders = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        ended(
          anOrder({
            protocol: protocols[index % 2]!,
            ...(index % 3 === 0 && { payment: card('tok_visa') }),
            ...(index % 5 === 0 && { customerId: 'bob', payment: { kind: 'wallet' } }),
          }),
        ),
      ),
    );
    expect(orders.map(({ reason, status }) => reason ?? status)).toEqual(
      Array.from({ length: 40 }, (_, index) => (index % 5 === 0 ? 'INSUFFICIENT_FUNDS' : 'COMPLETED')),
    );
  });
});

describe('operators', () => {
  const find = async (query: string) =>
    (await shop.request('GET', `${urls.operations}/operations/sagas?${query}`)).body;

  test('find a parked confirm, see what happened to it, and resume it', async () => {
    await programme('carrier', { answer: 'decline' });
    const id = await shop.place(tried());
    await sagaWhen(id, ({ state }) => state === 'parked');
    expect((await find('status=parked&step=shipping')).sagas).toMatchObject([
      {
        id,
        protocol: 'tcc',
        state: 'parked',
        reason: 'commit of shipping: LABEL_REFUSED',
        waitingFor: ['commit of shipping'],
      },
    ]);
    const { body } = await shop.request('GET', `${urls.operations}/operations/sagas/${id}`);
    const timeline = (body.timeline as Record<string, unknown>[]).map(({ what, step, operation, reason }) =>
      [what, operation, step, reason].filter(word => word !== null).join(' '),
    );
    expect(timeline.slice(0, 3)).toEqual([
      'sent prepare inventory',
      'sent prepare payment',
      'sent prepare shipping',
    ]);
    expect(timeline).toContain('decided commit');
    expect(timeline).toContain('parked commit shipping LABEL_REFUSED');
    const act = (action: string) =>
      shop.request('POST', `${urls.operations}/operations/sagas/${id}/actions`, {
        action,
        operator: 'dana',
        reason: 'the carrier is back',
      });
    expect(await act('cancel')).toMatchObject({ status: 409, body: { code: 'OPERATION_REFUSED' } });
    await programme('carrier');
    expect(await act('resume')).toMatchObject({
      status: 200,
      body: { actions: [{ orderId: id, outcome: 'applied', operator: 'dana' }] },
    });
    expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
    await sagaWhen(id, ({ endedAt }) => endedAt !== null);
    expect(await find('status=parked')).toMatchObject({ sagas: [], parked: 0 });
    expect((await find(`status=completed&order=${id}`)).sagas).toHaveLength(1);
  });
});

test('two-phase commit refuses a card at once, with a code that says why', async () => {
  const refused = await shop.request(
    'POST',
    shop.orders,
    anOrder({ protocol: 'two-phase', payment: card('tok_visa') }),
  );
  expect(refused).toMatchObject({ status: 422, body: { code: 'CARD_NOT_PREPARABLE' } });
});

test('in the end the business is whole, and no coordinator is open', async () => {
  await expectWhole(shop, delivered);
  const open = 'SELECT order_id FROM saga_progress WHERE running';
  expect(await rowsOf(shop, 'orchestrator', open)).toEqual([]);
});

import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectWhole, rowsOf } from './choreographed-books.js';
import { anOrder as anOrchestratedOrder, openShop } from './shop.js';

/* The deadline is short, so that one can be waited for. */
const shop = await openShop({ environment: () => ({ ORDER_TIMEOUT_MS: '6000' }) });
const { urls } = shop.stack;

const anOrder: typeof anOrchestratedOrder = changes =>
  anOrchestratedOrder({ protocol: 'choreographed', ...changes });
const byCard = (token: string) => ({ payment: { kind: 'card', token } as const });
const to = (zone: string) => ({ address: { ...anOrder().address, zone } });

beforeAll(async () => {
  await shop.deliver('kettle', 1_000);
  await shop.deliver('lamp', 1);
  await shop.deposit('alice', 1_000_000);
  await shop.deposit('bob', 100);
  await shop.addSlots('north', 1_000);
  await shop.addSlots('east', 1);
});

/** How the bank or the carrier behaves from now on: well, without rules. */
const misbehave = (party: 'card-gateway' | 'carrier', ...rules: object[]) =>
  shop.request('PUT', `${urls[party]}/programme`, { rules });

const cancel = (id: string) => shop.request('POST', `${shop.orders}/${id}/cancel`);

describe('an order that everybody agrees to', () => {
  test('is paid from a wallet', async () => {
    const id = await shop.place(anOrder());
    expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED', protocol: 'choreographed' });
    expect((await shop.request('GET', `${urls.orchestrator}/sagas/${id}`)).status).toBe(404);
  });

  test('is paid with a card: the answers of the bank and of the carrier are announced', async () => {
    const id = await shop.place(anOrder(byCard('tok_visa')));
    expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
  });

  test('is placed once, however often it is sent under its key', async () => {
    const key = { 'idempotency-key': 'choreographed-1' };
    const id = await shop.place(anOrder(), key);
    expect(await shop.place(anOrder(), key)).toBe(id);
    expect(await shop.request('POST', shop.orders, anOrchestratedOrder(), key)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    await shop.ended(id);
  });
});

describe('an order that somebody refuses is cancelled for that reason, and all parts of it are undone', () => {
  test.each([
    ['OUT_OF_STOCK', anOrder({ lines: [{ sku: 'lamp', quantity: 2, unitPriceCents: 100 }] })],
    ['INSUFFICIENT_FUNDS', anOrder({ customerId: 'bob' })],
    ['UNKNOWN_CUSTOMER', anOrder({ customerId: 'nobody' })],
    ['CARD_DECLINED', anOrder(byCard('tok_declined'))],
    ['ADDRESS_NOT_SERVED', anOrder(to('nowhere'))],
    ['CAPTURE_DECLINED', anOrder(byCard('tok_capture_declined'))],
  ])('%s', async (reason, order) => {
    expect(await shop.ended(await shop.place(order))).toMatchObject({ status: 'CANCELLED', reason });
  });

  test('NO_CAPACITY', async () => {
    const reasons = [];
    for (let count = 0; count < 2; count++) {
      reasons.push((await shop.ended(await shop.place(anOrder(to('east'))))).reason);
    }
    expect(reasons).toEqual([null, 'NO_CAPACITY']);
  });
});

describe('a cancel', () => {
  test('that comes while the bank still thinks is honoured: the hold is given back', async () => {
    await misbehave('card-gateway', { match: { operation: 'hold' }, delayMs: 1_500, times: 1 });
    const id = await shop.place(anOrder(byCard('tok_cancelled')));
    await sleep(500);
    expect((await cancel(id)).status).toBe(202);
    expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
    expect((await cancel(id)).body).toMatchObject({ code: 'ORDER_ALREADY_ENDED' });
  });

  test('that comes after the money was taken is too late: the order is completed', async () => {
    await misbehave('carrier', { match: { operation: 'label' }, delayMs: 1_500, times: 1 });
    const id = await shop.place(anOrder());
    await sleep(700);
    expect(await paymentOf(id)).toBe('captured');
    expect((await cancel(id)).status).toBe(202);
    expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
  });

  test('right behind the order ends it one way or the other', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const id = await shop.place(anOrder());
        await cancel(id);
        return id;
      }),
    );
    const ended = await Promise.all(ids.map(id => shop.ended(id)));
    expect(ended.filter(({ reason }) => reason !== null && reason !== 'CANCELLED')).toEqual([]);
  });
});

test('an order that the bank does not answer for until its deadline is cancelled then', async () => {
  await misbehave('card-gateway', { match: { operation: 'hold' }, answer: 'error', times: 8 });
  const id = await shop.place(anOrder(byCard('tok_late')));
  expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'DEADLINE' });
  await misbehave('card-gateway');
});

test('orders of all kinds at once, under this protocol and the orchestrated one, side by side', async () => {
  const placed = await Promise.all(
    Array.from({ length: 60 }, async (_, number) => {
      const protocol = number % 2 === 0 ? ('choreographed' as const) : ('orchestrated' as const);
      const changes = [{}, byCard('tok_visa'), to('nowhere'), { customerId: 'bob' }][number % 4]!;
      const id = await shop.place(anOrder({ ...changes, protocol }));
      return { id, reason: [null, null, 'ADDRESS_NOT_SERVED', 'INSUFFICIENT_FUNDS'][number % 4] };
    }),
  );
  const ended = await Promise.all(placed.map(({ id }) => shop.ended(id)));
  expect(ended.map(({ reason }) => reason)).toEqual(placed.map(({ reason }) => reason));
});

test('after all of this nothing is left over, and what everybody has is what the orders became', async () => {
  await expectWhole(shop, 'kettle');
});

test('the order service knows of each order what everybody has announced', async () => {
  const id = await shop.place(anOrder());
  await shop.ended(id);
  const [row] = await rowsOf<{ state: { history: { what: string; of: string }[] } }>(
    shop,
    'order',
    `SELECT state FROM choreographed_order WHERE order_id = '${id}'`,
  );
  const heard = row!.state.history.filter(({ what }) => what === 'heard').map(({ of }) => of);
  expect(heard.toSorted()).toEqual([
    'inventory.committed',
    'inventory.reserved',
    'order.placed',
    'payment.authorized',
    'payment.captured',
    'shipping.booked',
    'shipping.dispatched',
  ]);
});

const paymentOf = async (id: string) =>
  (
    await rowsOf<{ status: string }>(shop, 'payment', `SELECT status FROM payment WHERE order_id = '${id}'`)
  )[0]?.status;

import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { expectWhole } from './choreographed-books.js';
import { anOrder, openShop } from './shop.js';

const shop = await openShop();
const count = 60;

beforeAll(async () => {
  await shop.deliver('kettle', 10_000);
  await shop.deposit('alice', 1_000_000);
  await shop.deposit('poor', 1);
  await shop.addSlots('north', 10_000);
});

/** Orders of four kinds, and how each should end. */
const kinds = [
  { changes: {}, reason: null },
  { changes: { payment: { kind: 'card', token: 'tok_visa' } as const }, reason: null },
  { changes: { address: { ...anOrder().address, zone: 'nowhere' } }, reason: 'ADDRESS_NOT_SERVED' },
  { changes: { customerId: 'poor' }, reason: 'INSUFFICIENT_FUNDS' },
];

test.each(['order', 'inventory', 'payment', 'shipping'] as const)(
  'the %s service is killed twice with orders in flight: all end as they would have',
  async name => {
    const unit = shop.stack.unit(name);
    const placed = await Promise.all(
      Array.from({ length: count }, async (_, number) => {
        const { changes, reason } = kinds[number % kinds.length]!;
        const id = await shop.place(anOrder({ ...changes, protocol: 'choreographed' }), {
          'idempotency-key': `${name}-${number}`,
        });
        return { id, reason };
      }),
    );
    for (let kills = 0; kills < 2; kills++) {
      await unit.kill('SIGKILL');
      await unit.start();
      await sleep(50);
    }
    const ended = await Promise.all(placed.map(({ id }) => shop.ended(id)));
    expect(ended.map(({ reason }) => reason)).toEqual(placed.map(({ reason }) => reason));
  },
);

test('a participant that is away for a while is waited for, and what was early for it was not lost', async () => {
  const payment = shop.stack.unit('payment');
  await payment.kill('SIGKILL');
  const ids = await Promise.all(
    Array.from({ length: 20 }, () => shop.place(anOrder({ protocol: 'choreographed' }))),
  );
  // A cancel is decided by the payment alone: until then nobody undoes anything.
  const cancelled = ids.slice(0, 5);
  await Promise.all(cancelled.map(id => shop.request('POST', `${shop.orders}/${id}/cancel`)));
  await sleep(1_000);
  await payment.start();
  const ended = await Promise.all(ids.map(id => shop.ended(id)));
  expect(ended.slice(5).map(({ status }) => status)).toEqual(ids.slice(5).map(() => 'COMPLETED'));
  for (const { reason } of ended.slice(0, 5)) expect([null, 'CANCELLED']).toContain(reason);
});

test('after all these crashes nothing is left over, and what everybody has is what the orders became', async () => {
  await expectWhole(shop, 'kettle');
});

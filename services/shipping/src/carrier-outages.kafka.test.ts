import { command, until } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { book, dispatch, shippingForTest } from './running-shipping.fixture.js';

const shipping = await shippingForTest();
const { send, ask, repliesTo, firstRepliesTo, addSlots, get, misbehave, doneAtCarrier } = shipping;
const carrier = () =>
  get<{ open: number; state: { breaker: { state: string } } }>('/operations/dependencies/carrier');

// It is left in peace for five seconds at a time, and gets its traffic back within ten.
const patience = { timeout: 90_000 };

test(
  'a carrier that is out of order is left in peace; when it is back every parcel gets its one label',
  patience,
  async () => {
    await addSlots('outage', 100);
    const orders = Array.from({ length: 15 }, () => randomUUID());
    await send(...orders.map(orderId => command(orderId, book('outage'))));
    await firstRepliesTo(orders);
    misbehave({ answer: 'error' });
    await send(...orders.map(orderId => command(orderId, dispatch)));
    // The breaker may open before the last of them is taken.
    await until(async () => {
      const { open, state } = await carrier();
      return open === 15 && state.breaker.state === 'open';
    });

    // What needs no carrier goes on.
    expect(await ask(randomUUID(), book('outage'))).toMatchObject({ outcome: 'done' });
    const health = await get<{ status: string; details: object }>('/health/ready');
    expect(health).toMatchObject({ status: 'ok', details: { carrier: { status: 'up', open: 15 } } });

    misbehave();
    for (const orderId of orders) {
      expect((await repliesTo(orderId, 2))[1]!.data).toMatchObject({ outcome: 'done' });
      expect(doneAtCarrier(orderId)).toEqual(['label']);
    }
    await until(async () => (await carrier()).open === 0);
  },
);

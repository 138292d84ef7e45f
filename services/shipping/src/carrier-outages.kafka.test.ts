import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { book, command, dispatch, shippingForTest, until } from './running-shipping.fixture.js';

const shipping = await shippingForTest();
const { send, ask, repliesTo, addSlots, get, misbehave, doneAtCarrier } = shipping;
const carrier = () =>
  get<{ open: number; state: { breaker: { state: string } } }>('/operations/dependencies/carrier');

test('a carrier that is out of order is left in peace; when it is back every parcel gets its one label', async () => {
  await addSlots('outage', 100);
  const orders = Array.from({ length: 30 }, () => randomUUID());
  await send(...orders.map(orderId => command(orderId, book('outage'))));
  for (const orderId of orders) await repliesTo(orderId, 1);
  misbehave({ answer: 'error' });
  await send(...orders.map(orderId => command(orderId, dispatch)));
  await until(async () => (await carrier()).state.breaker.state === 'open');
  expect((await carrier()).open).toBe(30);

  // What needs no carrier goes on.
  expect(await ask(randomUUID(), book('outage'))).toMatchObject({ outcome: 'done' });
  const health = await get<{ status: string; details: object }>('/health/ready');
  expect(health).toMatchObject({ status: 'ok', details: { carrier: { status: 'up', open: 30 } } });

  misbehave();
  for (const orderId of orders) {
    expect((await repliesTo(orderId, 2))[1]!.data).toMatchObject({ outcome: 'done' });
    expect(doneAtCarrier(orderId)).toEqual(['label']);
  }
  expect((await carrier()).open).toBe(0);
});

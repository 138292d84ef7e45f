import { bookShipment } from '@ballast/contracts';
import { command, until } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { book, cancel, day, dispatch, done, shippingForTest } from './running-shipping.fixture.js';

const shipping = await shippingForTest();
const { database, send, ask, repliesTo, firstRepliesTo, get, addSlots, capacityOf, shipmentOf } = shipping;
const { misbehave, doneAtCarrier, restart } = shipping;
let number = 0;
let zone = '';
beforeEach(() => {
  zone = `zone-${++number}`;
  misbehave();
});
const tracking = { outcome: 'done', reply: { trackingNumber: expect.stringMatching(/^track_/) } };

describe('an order', () => {
  test('gets a slot, and a label when it is dispatched', async () => {
    const orderId = randomUUID();
    await addSlots(zone, 2);
    expect(await ask(orderId, book(zone))).toEqual(done({ day }));
    expect(await capacityOf(zone)).toEqual({ zone, day, free: 1, taken: 1 });
    expect(await ask(orderId, dispatch)).toEqual(tracking);
    expect(await shipmentOf(orderId)).toMatchObject({ status: 'DISPATCHED', zone, day });
    expect(doneAtCarrier(orderId)).toEqual(['label']);
  });

  test('gives its slot back when it is cancelled', async () => {
    const orderId = randomUUID();
    await addSlots(zone, 1);
    await ask(orderId, book(zone));
    expect(await ask(orderId, cancel)).toEqual(done({}));
    expect(await capacityOf(zone)).toMatchObject({ free: 1, taken: 0 });
    expect(await shipmentOf(orderId)).toMatchObject({ status: 'CANCELLED' });
    expect(await ask(orderId, book(zone))).toEqual({ outcome: 'aborted' });
  });

  test('is rejected where nobody delivers, and when the day is full', async () => {
    expect(await ask(randomUUID(), book(zone))).toMatchObject({
      outcome: 'rejected',
      code: 'ADDRESS_NOT_SERVED',
    });
    await addSlots(zone, 1);
    await ask(randomUUID(), book(zone));
    expect(await ask(randomUUID(), book(zone))).toMatchObject({ outcome: 'rejected', code: 'NO_CAPACITY' });
  });

  test('is booked and dispatched once, however often each of its commands comes', async () => {
    const orderId = randomUUID();
    await addSlots(zone, 10);
    const [first, again, off] = [
      command(orderId, book(zone)),
      command(orderId, book(zone)),
      command(orderId, dispatch),
    ];
    await send(first, first, again, off, again, off, first);
    const answers = await repliesTo(orderId, 3);
    expect(answers.map(({ data }) => data)).toEqual([done({ day }), done({ day }), tracking]);
    expect(await capacityOf(zone)).toMatchObject({ free: 9, taken: 1 });
    expect(doneAtCarrier(orderId)).toEqual(['label']);
  });
});

test('a hundred orders for thirty slots get thirty, over all lanes', async () => {
  await addSlots(zone, 30);
  const orders = Array.from({ length: 100 }, () => randomUUID());
  await send(...orders.map(orderId => command(orderId, book(zone))));
  const answers = (await firstRepliesTo(orders)).map(({ data }) => data);
  expect(answers.filter(answer => answer.outcome === 'done')).toHaveLength(30);
  expect(answers.filter(answer => answer.outcome === 'rejected')).toHaveLength(70);
  expect(await capacityOf(zone)).toMatchObject({ free: 0, taken: 30 });
});

describe('a dispatch', () => {
  test('has one label when the carrier works and cuts the connection, or is out of order, again and again', async () => {
    const orderId = randomUUID();
    await addSlots(zone, 1);
    await ask(orderId, book(zone));
    misbehave({ answer: 'error', times: 1 }, { answer: 'unknown', times: 2 });
    expect(await ask(orderId, dispatch)).toEqual(tracking);
    expect(doneAtCarrier(orderId)).toEqual(['label']);
  });

  test('that the carrier refused has its label at a later attempt', async () => {
    const orderId = randomUUID();
    await addSlots(zone, 1);
    await ask(orderId, book(zone));
    misbehave({ answer: 'decline', times: 2 });
    for (let i = 0; i < 2; i++) {
      expect(await ask(orderId, dispatch)).toMatchObject({ outcome: 'refused', code: 'LABEL_REFUSED' });
    }
    expect(await shipmentOf(orderId)).toMatchObject({ status: 'DISPATCHING', trackingNumber: null });
    expect(await ask(orderId, dispatch)).toEqual(tracking);
    expect(doneAtCarrier(orderId)).toEqual(['label']);
  });

  test('is asked for again under the same key by whoever owns the lane next', async () => {
    const orderId = randomUUID();
    await addSlots(zone, 1);
    await ask(orderId, book(zone));
    misbehave({ delayMs: 6_000, times: 1 });
    await send(command(orderId, dispatch));
    await until(async () => (await shipmentOf(orderId)).status === 'DISPATCHING');
    await restart();
    expect((await repliesTo(orderId, 2)).at(-1)?.data).toEqual(tracking);
    expect(doneAtCarrier(orderId)).toEqual(['label']);
  });
});

test('a command that the contract does not allow goes to the dead letters and takes nothing', async () => {
  const [orderId, other] = [randomUUID(), randomUUID()];
  await addSlots(zone, 2);
  const { address } = book(zone).data as { address: object };
  const data = { from: 'york', address, day: '2030-02-30' };
  await send(command(orderId, { type: bookShipment.type, data }), command(other, book(zone)));
  await repliesTo(other, 1);
  await until(async () => {
    const rows = await database.rows('SELECT FROM dead_letter WHERE order_id = $1', [orderId]);
    return rows.length === 1;
  });
  expect(await capacityOf(zone)).toMatchObject({ free: 1, taken: 1 });
});

test('is ready, and taken slots are those of the shipments that were not cancelled', async () => {
  await expect.poll(() => get('/health/ready')).toMatchObject({ status: 'ok' });
  const taken = await database.rows(
    'SELECT id AS slot_id, order_id FROM slot WHERE order_id IS NOT NULL ORDER BY 1',
  );
  const having = await database.rows(
    `SELECT slot_id, order_id FROM shipment WHERE status <> 'cancelled' ORDER BY 1`,
  );
  expect(taken).toEqual(having);
  expect(taken.length).toBeGreaterThan(30);
});

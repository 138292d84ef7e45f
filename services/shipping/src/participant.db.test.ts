import { answerOf, bookShipment, cancelShipment, dispatchShipment, type Command } from '@ballast/contracts';
import {
  createMessage,
  type LaneHandler,
  messagingMigrations,
  OutsideCallWorker,
  participantMigrations,
  ParticipantHandler,
  type OutsideAttempt,
  type Pass,
  type Work,
} from '@ballast/messaging';
import { createLogger, openPool, transaction, type Queries } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { shippingParticipant } from './participant.js';
import { Capacities } from './storage/capacities.js';
import { Shipments } from './storage/shipments.js';
import { ShippingRepository } from './storage/shipping-repository.js';
import { shippingMigrations } from './storage/statements.js';

const database = await databaseForTest({
  sets: [messagingMigrations, participantMigrations, shippingMigrations],
});
const pool = openPool({ url: database.url, applicationName: 'test', max: 4 });
afterAll(() => pool.end());
const capacities = new Capacities(pool);
const shipments = new Shipments(pool);

const day = '2030-12-24';
let number = 0;
let zone = '';
let asked: OutsideAttempt[];
/** What the carrier answers; the last one again and again. */
let carrier: (
  attempt: OutsideAttempt,
) => Promise<never> | { kind: 'accepted'; body: unknown } | typeof refusal;
const refusal = { kind: 'refused', code: 'too_heavy' } as const;
const label = { kind: 'accepted', body: { trackingNumber: 'track-9' } } as const;
let submitted: Work[];
let calls: OutsideCallWorker;
let handler: Required<Pick<LaneHandler, 'prefetch' | 'process'>>;

beforeEach(() => {
  zone = `zone-${++number}`;
  asked = [];
  submitted = [];
  carrier = () => label;
  calls = new OutsideCallWorker({
    party: async attempt => {
      asked.push(attempt);
      return carrier(attempt);
    },
    sink: { submit: work => submitted.push(work) > 0 },
    logger: createLogger({ name: 'test', level: 'silent' }),
    pauseMs: 1,
  });
  handler = new ParticipantHandler(shippingParticipant(new ShippingRepository()), {
    outsideCalls: calls,
    alarm: alarm => expect.fail(JSON.stringify(alarm)),
  });
});
afterEach(() => calls.close());

const commandOf = (command: Command, orderId: string, data: object = {}): Work => ({
  kind: 'message',
  lane: 0,
  message: createMessage({ at: new Date(), type: command.type, source: '/test', subject: orderId, data }),
});
const book = (orderId: string, of = zone) => {
  const address = { zone: of, name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1' };
  return commandOf(bookShipment, orderId, { from: 'york', address, day });
};
const cancel = (orderId: string) => commandOf(cancelShipment, orderId);
const dispatch = (orderId: string) => commandOf(dispatchShipment, orderId);

/** One pass, committed. Says what was answered, as `type: outcome`, and how many items are held. */
async function pass(...work: Work[]): Promise<string[]> {
  const result = await transaction(pool, tx => {
    handler.prefetch(work, tx);
    return handler.process(work, passOf(tx));
  });
  result.committed?.();
  const answers = result.send.map(({ message }) => {
    const command = [bookShipment, cancelShipment, dispatchShipment].find(
      ({ type }) => `${type}.answered` === message.type,
    )!;
    const answer = answerOf(command).parse(message.data);
    return `${command.type.slice('shipping.'.length)}: ${'code' in answer ? answer.code : answer.outcome}`;
  });
  return [...answers, ...result.hold.map(() => 'held')];
}
const passOf = (tx: Queries): Pass => ({
  tx,
  now: new Date(),
  locks: 'wait',
  underLockTimeout: load => load(),
  businessSave: save => save(),
});
/** Takes the carrier's answer into a pass. */
async function answered(): Promise<string[]> {
  await expect.poll(() => submitted).toHaveLength(1);
  return pass(...submitted.splice(0));
}
const orders = (count: number) => Array.from({ length: count }, () => randomUUID());
const statusOf = async (orderId: string) => (await shipments.shipment(orderId))?.status;

test('bookings of one pass get a slot each, until none is free', async () => {
  await capacities.addSlots(zone, day, 3, null);
  const all = orders(5);
  expect(await pass(...all.map(id => book(id)))).toEqual([
    ...Array<string>(3).fill('book: done'),
    ...Array<string>(2).fill('book: NO_CAPACITY'),
  ]);
  expect(await capacities.capacity(zone, day)).toMatchObject({ free: 0, taken: 3 });
  expect(await pass(book(all[0]!), book(all[4]!)), 'answered the same').toEqual([
    'book: done',
    'book: NO_CAPACITY',
  ]);
});

test('a zone without slots is not served', async () => {
  const [id] = orders(1) as [string];
  expect(await pass(book(id, 'nowhere'))).toEqual(['book: ADDRESS_NOT_SERVED']);
  expect(await statusOf(id)).toBeUndefined();
});

test('a booking is held while the last slot is in somebody else’s hands, and decided when it is let go', async () => {
  await capacities.addSlots(zone, day, 1, null);
  const [id] = orders(1) as [string];
  const holder = await pool.connect();
  await holder.query({ text: 'BEGIN' });
  await holder.query({ text: 'SELECT FROM slot WHERE zone = $1 FOR UPDATE', values: [zone] });
  expect(await pass(book(id))).toEqual(['held']);
  await holder.query({ text: 'ROLLBACK' });
  holder.release();
  expect(await pass(book(id))).toEqual(['book: done']);
});

test('a cancel frees the slot once, also when it comes again after another order got the slot', async () => {
  await capacities.addSlots(zone, day, 1, null);
  const [mine, theirs] = orders(2) as [string, string];
  expect(await pass(book(mine), cancel(mine), cancel(mine))).toEqual([
    'book: done',
    'cancel: done',
    'cancel: done',
  ]);
  expect(await capacities.capacity(zone, day)).toMatchObject({ free: 1, taken: 0 });
  expect(await pass(book(theirs))).toEqual(['book: done']);
  expect(await pass(cancel(mine))).toEqual(['cancel: done']);
  expect(await capacities.capacity(zone, day)).toMatchObject({ free: 0, taken: 1 });
  expect(await Promise.all([statusOf(mine), statusOf(theirs)])).toEqual(['CANCELLED', 'BOOKED']);
});

test('a cancel that comes first refuses the booking, and frees nothing', async () => {
  await capacities.addSlots(zone, day, 1, null);
  const [late, other] = orders(2) as [string, string];
  await pass(book(other));
  expect(await pass(cancel(late), book(late))).toEqual(['cancel: done', 'book: aborted']);
  expect(await capacities.capacity(zone, day)).toMatchObject({ free: 0, taken: 1 });
});

test('a dispatch is answered with the carrier’s tracking number, asked for once', async () => {
  await capacities.addSlots(zone, day, 1, null);
  const [id] = orders(1) as [string];
  await pass(book(id));
  expect(await pass(dispatch(id), dispatch(id))).toEqual([]);
  expect(await statusOf(id)).toBe('DISPATCHING');
  expect(await answered()).toEqual(['dispatch: done']);
  expect(await shipments.shipment(id)).toMatchObject({ status: 'DISPATCHED', trackingNumber: 'track-9' });
  expect(await pass(dispatch(id))).toEqual(['dispatch: done']);
  expect(asked).toMatchObject([
    { party: 'carrier', operation: 'label', request: { reference: id, day, address: { zone } } },
  ]);
});

test('a dispatch that the carrier refused is asked anew at the next attempt, under another key', async () => {
  await capacities.addSlots(zone, day, 1, null);
  const [id] = orders(1) as [string];
  carrier = () => refusal;
  await pass(book(id), dispatch(id));
  expect(await answered()).toEqual(['dispatch: LABEL_REFUSED']);
  expect(await statusOf(id)).toBe('DISPATCHING');
  await pass(dispatch(id));
  expect(await answered()).toEqual(['dispatch: LABEL_REFUSED']);
  carrier = () => label;
  await pass(dispatch(id));
  expect(await answered()).toEqual(['dispatch: done']);
  expect(await statusOf(id)).toBe('DISPATCHED');
  expect(new Set(asked.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
});

test('a carrier that does not answer is asked again under the same key', async () => {
  await capacities.addSlots(zone, day, 1, null);
  const [id] = orders(1) as [string];
  carrier = ({ attempt }) => (attempt < 3 ? Promise.reject(new Error('cut off')) : label);
  await pass(book(id), dispatch(id));
  expect(await answered()).toEqual(['dispatch: done']);
  expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(new Set(asked.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
});

test('a cancel after the dispatch has begun is refused, and keeps the slot', async () => {
  await capacities.addSlots(zone, day, 1, null);
  const [id] = orders(1) as [string];
  await pass(book(id), dispatch(id));
  expect(await pass(cancel(id))).toEqual(['cancel: ALREADY_DISPATCHED']);
  expect(await capacities.capacity(zone, day)).toMatchObject({ free: 0, taken: 1 });
});

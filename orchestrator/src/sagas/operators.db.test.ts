import { messagingMigrations, type PassResult } from '@ballast/messaging';
import { placeOrder } from '@ballast/place-order';
import { happeningsOf, withDefaults } from '@ballast/saga';
import { databaseForTest } from '@ballast/testkit';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { Operations } from '@ballast/messaging';
import { SagaReader } from '../storage/saga-reader.js';
import { orchestratorMigrations } from '../storage/statements.js';
import {
  answerTo,
  blamed,
  messageOf,
  newOrder,
  operated,
  Passes,
  startOf,
  timer,
  typesOf,
} from './passes.fixture.js';

const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const impatient = withDefaults(placeOrder, { parkAfterAttempts: 2 });
const passes = await Passes.open(database, [impatient]);
const reader = new SagaReader(passes);
const operations = new Operations(passes, { committed: () => undefined });
afterAll(() => passes.close());
beforeEach(async () => {
  passes.log.length = 0;
  await passes.restart();
});

const audit = async (orderId: string) =>
  (await operations.actionsOn(orderId)).map(
    ({ action, outcome, detail }) => `${action}: ${outcome}${detail === null ? '' : `, ${detail}`}`,
  );

const parkedRows = (orderId: string) =>
  passes.rows('SELECT reason, parked_at FROM parked_saga WHERE order_id = $1', [orderId]);

const answers = ({ send }: PassResult) => send.map(({ message }) => answerTo(message));

describe('a step that must finish and cannot', () => {
  test('is retried with backoff, then the saga is parked with its reason, is counted and can be found', async () => {
    const orderId = newOrder();
    const before = await reader.countParked();
    await passes.parked(orderId);
    expect(await passes.stored(orderId)).toMatchObject({
      running: true,
      due_at: null,
      state: { kind: 'parked', reason: 'dispatch shipment: CARRIER_AWAY' },
    });
    expect(await parkedRows(orderId)).toMatchObject([{ reason: 'dispatch shipment: CARRIER_AWAY' }]);
    expect(await reader.countParked()).toBe(before + 1);
    expect(passes.log).toMatchObject([{ level: 'error', fields: { orderId, step: 'dispatch shipment' } }]);
  });

  test('that is resumed continues exactly where it was, also after a restart, and is not parked any more', async () => {
    const orderId = newOrder();
    await passes.parked(orderId);
    await passes.restart();
    const resumed = await passes.pass(operated('resume', orderId));
    expect(resumed.send).toMatchObject([{ message: { type: 'shipping.dispatch', attempt: 3 } }]);
    expect(resumed.timers).toMatchObject([{ orderId, at: new Date(passes.now + 5_000) }]);
    expect(await parkedRows(orderId)).toEqual([]);
    expect(await audit(orderId)).toEqual(['resume: applied']);
    expect(await passes.settle(await passes.pass(...answers(resumed)))).toEqual(['order.complete']);
    expect(await passes.stored(orderId)).toMatchObject({ state: { kind: 'completed' } });
  });

  test('gets on by its late answer as well', async () => {
    const orderId = newOrder();
    await passes.parked(orderId);
    const late = messageOf(
      { type: 'shipping.dispatch.answered' },
      orderId,
      { outcome: 'done', reply: { trackingNumber: 'T-1' } },
      { sagaid: orderId, step: 'dispatch shipment', attempt: 1 },
    );
    expect(typesOf(await passes.pass(late))).toEqual(['order.complete']);
    expect(await parkedRows(orderId)).toEqual([]);
  });

  test('that was seen to by hand is forced forward with the reply that it would have had', async () => {
    const orderId = newOrder();
    await passes.parked(orderId);
    expect(
      typesOf(await passes.pass(operated('force-forward', orderId, { reply: { trackingNumber: 7 } }))),
    ).toEqual([]);
    const forced = operated('force-forward', orderId, { reply: { trackingNumber: 'T-9' } });
    expect(typesOf(await passes.pass(forced))).toEqual(['order.complete']);
    expect(await audit(orderId)).toEqual([
      expect.stringContaining('force-forward: refused, the reply that later steps rely on') as string,
      'force-forward: applied',
    ]);
  });
});

test('an undo that keeps failing is parked, and goes on when it is resumed', async () => {
  const orderId = newOrder();
  const refused = { outcome: 'refused', code: 'BUSY' } as const;
  const first = await passes.pass(startOf(orderId));
  await passes.settle(first, {
    'payment.authorize': { outcome: 'rejected', code: 'CARD_DECLINED' },
    'inventory.release': refused,
  });
  const again = await passes.later(1_000).pass(timer(orderId));
  await passes.pass(...again.send.map(({ message }) => answerTo(message, refused)));
  expect(await parkedRows(orderId)).toMatchObject([{ reason: 'undo of reserve stock: BUSY' }]);
  const resumed = await passes.pass(operated('resume', orderId));
  expect(typesOf(resumed)).toEqual(['inventory.release']);
  expect(await passes.settle(resumed)).toEqual(['inventory.release', 'order.cancel']);
  expect(await passes.stored(orderId)).toMatchObject({
    state: { kind: 'compensated', reason: 'CARD_DECLINED' },
  });
});

test('an action and its audit are committed together, or not at all', async () => {
  const orderId = newOrder();
  await passes.parked(orderId);
  const resume = operated('resume', orderId);
  await passes.passRolledBack(resume);
  expect([await audit(orderId), (await parkedRows(orderId)).length]).toEqual([[], 1]);
  expect(passes.log.filter(({ level }) => level === 'info')).toEqual([]);
  await passes.pass(resume);
  expect([await audit(orderId), await parkedRows(orderId)]).toEqual([['resume: applied'], []]);
  expect(passes.log.at(-1)).toMatchObject({ level: 'info', fields: { orderId, action: 'resume' } });
});

test('the audit says who asked for what, why, when, and what became of it', async () => {
  const orderId = newOrder();
  await passes.pass(startOf(orderId));
  const message = operated('force-undo', orderId);
  const { send } = await passes.pass(message);
  expect(typesOf({ send, hold: [], timers: [] })).toEqual(['inventory.release']);
  expect(await operations.actionsOn(orderId)).toEqual([
    {
      id: message.id,
      orderId,
      action: 'force-undo',
      operator: 'dana',
      reason: 'ticket 4711',
      askedAt: new Date(message.time),
      outcome: 'applied',
      detail: null,
      handledAt: new Date(passes.now),
    },
  ]);
  expect(await passes.settle({ send, hold: [], timers: [] })).toEqual(['inventory.release', 'order.cancel']);
});

describe('races', () => {
  test('a retry in one pass with the answer: whichever comes first counts, and nothing is asked needlessly', async () => {
    const [answerFirst, retryFirst] = [newOrder(), newOrder()];
    const refused = { outcome: 'refused', code: 'BUSY' } as const;
    for (const orderId of [answerFirst, retryFirst]) {
      const first = await passes.pass(startOf(orderId));
      await passes.settle(first, { 'shipping.dispatch': refused });
    }
    const done = (orderId: string) =>
      messageOf(
        { type: 'shipping.dispatch.answered' },
        orderId,
        { outcome: 'done', reply: { trackingNumber: 'T-1' } },
        { sagaid: orderId, step: 'dispatch shipment', attempt: 1 },
      );
    expect(typesOf(await passes.pass(done(answerFirst), operated('retry', answerFirst)))).toEqual([
      'order.complete',
    ]);
    expect(await audit(answerFirst)).toEqual(['retry: refused, no step waits for another attempt']);
    expect(typesOf(await passes.pass(operated('retry', retryFirst), done(retryFirst)))).toEqual([
      'shipping.dispatch',
      'order.complete',
    ]);
    expect(await audit(retryFirst)).toEqual(['retry: applied']);
  });

  test('two operators resume one saga in one pass: one attempt is sent, and the second one is told', async () => {
    const orderId = newOrder();
    await passes.parked(orderId);
    const { send } = await passes.pass(operated('resume', orderId), operated('resume', orderId));
    expect(send).toHaveLength(1);
    expect((await audit(orderId)).sort()).toEqual([
      'resume: applied',
      'resume: refused, the saga is not parked',
    ]);
  });

  test('a saga that is parked and resumed in one pass was never parked', async () => {
    const orderId = newOrder();
    const refused = { outcome: 'refused', code: 'BUSY' } as const;
    await passes.settle(await passes.pass(startOf(orderId)), { 'shipping.dispatch': refused });
    const { send } = await passes.later(1_000).pass(timer(orderId));
    const last = send.map(({ message }) => answerTo(message, refused));
    expect(typesOf(await passes.pass(...last, operated('resume', orderId)))).toEqual(['shipping.dispatch']);
    expect(await parkedRows(orderId)).toEqual([]);
  });

  test('an operator in one pass with the answer that sends the pivot comes too late', async () => {
    const orderId = newOrder();
    let result = await passes.pass(startOf(orderId));
    for (let step = 0; step < 2; step++) result = await passes.pass(...answers(result));
    const booked = answers(result);
    expect(typesOf(await passes.pass(...booked, operated('force-undo', orderId)))).toEqual([
      'payment.capture',
    ]);
    expect(await audit(orderId)).toEqual([
      'force-undo: refused, "capture payment" has been sent: from there on the way is forward only',
    ]);
  });
});

test.each(['cancel', 'force-undo', 'retry', 'resume', 'force-forward'] as const)(
  'a saga that has ended stays as it is: %s is refused, and stands in its history',
  async action => {
    const orderId = newOrder();
    await passes.settle(await passes.pass(startOf(orderId)));
    const message = operated(action, orderId);
    expect(await passes.pass(message)).toMatchObject({ send: [] });
    expect(await audit(orderId)).toEqual([`${action}: refused, the saga has ended: it is completed`]);
    const record = await reader.find(orderId);
    expect(record).toMatchObject({ state: { kind: 'completed' } });
    expect(happeningsOf(record!.history).at(-1)).toMatchObject({ kind: 'operator', note: message.id });
  },
);

test('an action on an order without a saga is refused, and put on record', async () => {
  const orderId = newOrder();
  expect(await passes.pass(operated('cancel', orderId))).toMatchObject({ send: [] });
  expect(await audit(orderId)).toEqual(['cancel: refused, no saga has started for this order']);
});

test('an action that this process cannot judge, as its version is not there, is refused and blocks nothing', async () => {
  const orderId = newOrder();
  await passes.pass(startOf(orderId));
  await passes.restart([{ ...impatient, version: 2 }]);
  await passes.pass(operated('cancel', orderId));
  expect(await audit(orderId)).toEqual([
    'cancel: refused, this process does not know place-order 1, which has started',
  ]);
});

test('an action without a name and a reason is blamed on its message', async () => {
  const bad = messageOf({ type: 'orchestrator.resume' }, newOrder(), { operator: 'dana' });
  expect(await blamed(passes.pass(bad))).toMatchObject([{ message: bad }]);
});

test('the order of a history is that of the log, also when the clock of the next owner is behind', async () => {
  const orderId = newOrder();
  const before = passes.now;
  let result = await passes.pass(startOf(orderId));
  for (let step = 0; step < 6 && result.send.length > 0; step++) {
    await passes.restart();
    result = await passes.later(step % 2 === 0 ? -3_600_000 : 60_000).pass(...answers(result));
  }
  passes.later(before - passes.now);
  const { history } = (await reader.find(orderId))!;
  expect(happeningsOf(history).map(({ step, kind }) => `${step ?? 'saga'} ${kind}`)).toEqual([
    '0 sent',
    ...['0 done', '1 sent', '1 done', '2 sent', '2 done', '3 sent', '3 done', '4 sent', '5 sent'],
    ...['4 done', '5 done', '6 sent', '6 done', 'saga ended'],
  ]);
});

test('on the good path nothing is written but the saga', async () => {
  const { send } = await passes.pass(startOf(newOrder()));
  await passes.pass(...send.map(({ message }) => answerTo(message)));
  expect(passes.statements).toEqual(['advance-sagas']);
});

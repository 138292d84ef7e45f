import { cancelSaga, startSaga } from '@ballast/contracts';
import { messagingMigrations } from '@ballast/messaging';
import { placeOrder } from '@ballast/place-order';
import { withDefaults } from '@ballast/saga';
import { databaseForTest } from '@ballast/testkit';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { orchestratorMigrations } from '../storage/statements.js';
import {
  anOrder,
  answerTo,
  blamed,
  lane,
  messageOf,
  newOrder,
  Passes,
  startOf,
  timer,
  typesOf,
} from './passes.fixture.js';

const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const passes = await Passes.open(database, [placeOrder]);
afterAll(() => passes.close());
beforeEach(async () => {
  passes.log.length = 0;
  await passes.restart();
});

test('a start stores the saga and sends its first command, with all that the answer has to bring back', async () => {
  const orderId = newOrder();
  const start = {
    ...startOf(orderId),
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    tracestate: 'a=b',
  };
  const { send, timers } = await passes.pass(start);
  expect(send).toEqual([
    {
      topic: 'inventory.commands',
      message: {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
        time: new Date(passes.now).toISOString(),
        type: 'inventory.reserve',
        source: '/orchestrator',
        subject: orderId,
        data: { lines: [{ sku: 'blue-kettle', quantity: 2 }] },
        sagaid: orderId,
        step: 'reserve stock',
        attempt: 1,
        deadline: (start.data as { deadline: string }).deadline,
        traceparent: start.traceparent,
        tracestate: 'a=b',
      },
    },
  ]);
  expect(timers).toEqual([{ lane, orderId, at: new Date(passes.now + 5_000) }]);
  expect(await passes.stored(orderId)).toMatchObject({
    running: true,
    ended: false,
    state: { kind: 'running' },
  });
});

test('an order goes all the way, and its timer is cleared at the end', async () => {
  const orderId = newOrder();
  expect(await passes.settle(await passes.pass(startOf(orderId)))).toEqual([
    'inventory.reserve',
    'payment.authorize',
    'shipping.book',
    'payment.capture',
    'inventory.commit',
    'shipping.dispatch',
    'order.complete',
  ]);
  expect(await passes.stored(orderId)).toMatchObject({
    running: false,
    ended: true,
    due_at: null,
    state: { kind: 'completed' },
  });
});

test('the end of a compensated saga cancels the order with the reason, and nobody waits for the answer', async () => {
  const orderId = newOrder();
  const rejected = { outcome: 'rejected', code: 'INSUFFICIENT_FUNDS' } as const;
  const first = await passes.pass(startOf(orderId));
  expect(await passes.settle(first, { 'payment.authorize': rejected })).toEqual([
    'inventory.reserve',
    'payment.authorize',
    'inventory.release',
    'order.cancel',
  ]);
  expect(await passes.stored(orderId)).toMatchObject({
    state: { kind: 'compensated', reason: 'INSUFFICIENT_FUNDS' },
  });
  const answered = messageOf(
    { type: 'order.cancel.answered' },
    orderId,
    { outcome: 'done', reply: {} },
    { sagaid: orderId },
  );
  expect(await passes.pass(answered)).toMatchObject({ send: [] });
  expect(passes.log).toEqual([]);
});

test('messages of one saga in one pass are taken in order', async () => {
  const orderId = newOrder();
  const { send } = await passes.pass(startOf(orderId));
  const reserved = answerTo(send[0]!.message);
  expect(
    typesOf(await passes.pass(reserved, messageOf(cancelSaga, orderId, { requestedBy: 'alice' }))),
  ).toEqual(['payment.authorize', 'payment.void']);
});

test('a start for a saga that exists is ignored, in the same pass and in a later one', async () => {
  const orderId = newOrder();
  expect(typesOf(await passes.pass(startOf(orderId), startOf(orderId)))).toEqual(['inventory.reserve']);
  expect(typesOf(await passes.pass(startOf(orderId)))).toEqual([]);
  await passes.restart();
  expect(typesOf(await passes.pass(startOf(orderId)))).toEqual([]);
});

describe('a cancel that comes before the start', () => {
  const cancelOf = (orderId: string) => messageOf(cancelSaga, orderId, { requestedBy: 'alice' });
  const tombstones = (orderId: string) =>
    passes.rows('SELECT FROM early_cancel WHERE order_id = $1', [orderId]);

  test('leaves a tombstone: the start creates the saga already compensated, and cancels the order', async () => {
    const orderId = newOrder();
    expect(await passes.pass(cancelOf(orderId), cancelOf(orderId))).toMatchObject({ send: [], timers: [] });
    expect(await tombstones(orderId)).toHaveLength(1);
    await passes.restart();
    await passes.pass(cancelOf(orderId));
    const { send } = await passes.pass(startOf(orderId));
    expect(send).toMatchObject([
      { topic: 'order.commands', message: { type: 'order.cancel', data: { reason: 'CANCELLED' } } },
    ]);
    expect(await passes.stored(orderId)).toMatchObject({
      ended: true,
      state: { kind: 'compensated', reason: 'CANCELLED' },
    });
    expect(await tombstones(orderId)).toEqual([]);
  });

  test('does so within one pass, too', async () => {
    const orderId = newOrder();
    const { send } = await passes.pass(cancelOf(orderId), startOf(orderId), startOf(orderId));
    expect(send).toMatchObject([{ message: { type: 'order.cancel', data: { reason: 'CANCELLED' } } }]);
    expect(await tombstones(orderId)).toEqual([]);
  });
});

test('a start whose input breaks the schema ends the order at once, visibly, and a second one is ignored', async () => {
  const orderId = newOrder();
  const start = startOf(orderId, { ...anOrder(), amountCents: -1, note: '\u0000' });
  const { send } = await passes.pass(start);
  expect(send).toMatchObject([{ message: { type: 'order.cancel', data: { reason: 'INVALID_INPUT' } } }]);
  expect(await passes.stored(orderId)).toMatchObject({ ended: true, state: { reason: 'INVALID_INPUT' } });
  expect(passes.log).toMatchObject([{ level: 'error', fields: { orderId, definition: 'place-order' } }]);
  expect(await passes.pass(startOf(orderId))).toMatchObject({ send: [] });
});

describe('blamed on the message, so that it goes to the dead letters', () => {
  test.each([
    [
      'a start of an unknown saga',
      startSaga.type,
      { definition: 'fly', input: {}, deadline: new Date().toISOString() },
      'no saga "fly"',
    ],
    [
      'a start that breaks its contract',
      startSaga.type,
      { definition: 'place-order', input: {} },
      'deadline',
    ],
    ['a cancel that breaks its contract', cancelSaga.type, {}, 'requestedBy'],
    ['a type that nobody knows', 'orchestrator.dance', {}, 'no saga understands orchestrator.dance'],
  ])('%s', async (_, type, data, why) => {
    const orderId = newOrder();
    const bad = messageOf({ type }, orderId, data);
    const blame = await blamed(passes.pass(startOf(newOrder()), bad));
    expect(blame).toEqual([{ message: bad, why: expect.stringContaining(why) as string }]);
    expect(await passes.rows('SELECT FROM saga WHERE order_id = $1', [orderId])).toEqual([]);
  });

  test('a subject that is no order id', async () => {
    const bad = messageOf(startSaga, 'abc', {});
    expect(await blamed(passes.pass(startOf(newOrder()), bad))).toMatchObject([{ message: bad }]);
  });

  test('all that are at fault at once, but not what waits behind one of them', async () => {
    const orderId = newOrder();
    const bad = [
      messageOf(startSaga, 'abc', {}),
      messageOf(startSaga, orderId, {}),
      messageOf(cancelSaga, newOrder(), {}),
    ];
    const behind = messageOf(cancelSaga, orderId, {});
    const blame = await blamed(passes.pass(...bad, behind, startOf(newOrder())));
    expect(blame.map(({ message }) => message)).toEqual(bad);
  });

  test.each([
    [
      'an answer that breaks its contract',
      { data: { outcome: 'done', reply: { warehouse: 7 } } },
      'warehouse',
    ],
    [
      'a rejection that the command does not have',
      { data: { outcome: 'rejected', code: 'NO_IDEA' } },
      'code',
    ],
  ])('%s', async (_, wrong, why) => {
    const { send } = await passes.pass(startOf(newOrder()));
    const answer = answerTo(send[0]!.message);
    const bad = { ...answer, ...wrong };
    expect(await blamed(passes.pass(bad))).toEqual([
      { message: bad, why: expect.stringContaining(why) as string },
    ]);
    expect(typesOf(await passes.pass(answer))).toEqual(['payment.authorize']);
  });

  test('an instance whose definition is not there any more', async () => {
    const { send } = await passes.pass(startOf(newOrder()));
    await passes.restart([{ ...withDefaults(placeOrder, {}), version: 2 }]);
    const [blame] = await blamed(passes.pass(answerTo(send[0]!.message)));
    expect(blame?.why).toContain('does not know place-order 1');
  });
});

describe('an answer that nobody asked for is ignored, with a warning:', () => {
  test('for a saga that nobody knows', async () => {
    const orderId = newOrder();
    const answer = messageOf(
      { type: 'inventory.reserve.answered' },
      orderId,
      { outcome: 'aborted' },
      { sagaid: orderId },
    );
    expect(await passes.pass(answer)).toMatchObject({ send: [], timers: [] });
    expect(passes.log).toMatchObject([{ level: 'warn', fields: { orderId, type: answer.type } }]);
  });

  test.each([
    ['to another step', { step: 'book shipment' }, 'says "book shipment"'],
    [
      'to a command that the saga does not have',
      { type: 'inventory.count.answered' },
      'answers nothing of place-order',
    ],
    ['for another saga', { sagaid: newOrder() }, 'it is for saga'],
  ])('%s; the right one is taken all the same', async (_, wrong, why) => {
    const { send } = await passes.pass(startOf(newOrder()));
    const answer = answerTo(send[0]!.message);
    expect(await passes.pass({ ...answer, ...wrong })).toMatchObject({ send: [] });
    expect(passes.log).toMatchObject([
      { level: 'warn', fields: { orderId: answer.subject, why: expect.stringContaining(why) as string } },
    ]);
    expect(typesOf(await passes.pass(answer))).toEqual(['payment.authorize']);
  });
});

test('an alarm is logged once it is committed, and not before', async () => {
  const { send } = await passes.pass(startOf(newOrder()));
  const rejected = { outcome: 'rejected', code: 'OUT_OF_STOCK' } as const;
  await passes.settle({ send, hold: [], timers: [] }, { 'inventory.reserve': rejected });
  await passes.passRolledBack(answerTo(send[0]!.message));
  expect(passes.log).toEqual([]);
  expect(typesOf(await passes.pass(answerTo(send[0]!.message)))).toEqual(['inventory.release']);
  expect(passes.log).toMatchObject([{ level: 'error', fields: { alarm: true, step: 'reserve stock' } }]);
});

test('what a participant writes into a refusal is stored even if PostgreSQL has no such text', async () => {
  const { send } = await passes.pass(startOf(newOrder()));
  const refused = { outcome: 'refused', code: 'A\u0000B\ud800' } as const;
  await passes.pass(answerTo(send[0]!.message, refused));
  const rejected = { outcome: 'rejected', code: 'OUT_OF_STOCK', detail: 'A\u0000B\ud800' } as const;
  await passes.pass(answerTo(send[0]!.message, rejected));
  expect(await passes.stored(send[0]!.message.subject)).toMatchObject({
    state: { kind: 'compensated', reason: 'OUT_OF_STOCK' },
  });
});

describe('versions', () => {
  const newer = { ...withDefaults(placeOrder, {}), version: 2, steps: placeOrder.steps.slice(1, 3) };

  test('an instance keeps the version that it started with, and new ones run the newest', async () => {
    const first = await passes.pass(startOf(newOrder()));
    await passes.restart([newer, placeOrder]);
    expect(typesOf(await passes.pass(startOf(newOrder())))).toEqual(['payment.authorize']);
    expect(await passes.settle(first)).toHaveLength(7);
  });
});

describe('timers', () => {
  test('a claim returns those of all running sagas of its lanes, as they were', async () => {
    const [running, retried, ended] = [newOrder(), newOrder(), newOrder()];
    const { timers } = await passes.pass(startOf(running), startOf(retried));
    await passes.settle(await passes.pass(startOf(ended)));
    const later = await passes.later(5_000).pass(timer(retried));
    const due = await passes.restart();
    const dueOf = (orderId: string) => due.filter(found => found.orderId === orderId);
    expect(dueOf(running)).toEqual(timers.slice(0, 1));
    expect(dueOf(retried)).toEqual(later.timers);
    expect(dueOf(ended)).toEqual([]);
    expect((await passes.claim([lane + 1])).filter(found => found.orderId === running)).toEqual([]);
  });

  test('a step that is not answered is sent again, as a message with an id of its own', async () => {
    const orderId = newOrder();
    const first = await passes.pass(startOf(orderId));
    await passes.later(5_000).pass(timer(orderId));
    const { send } = await passes.later(1_000).pass(timer(orderId));
    expect(send).toMatchObject([{ message: { type: 'inventory.reserve', attempt: 2 } }]);
    expect(send[0]!.message.id).not.toBe(first.send[0]!.message.id);
  });

  test('one that fires too early is armed again, and nothing is written', async () => {
    const orderId = newOrder();
    const { timers } = await passes.pass(startOf(orderId));
    expect(await passes.pass(timer(orderId))).toMatchObject({ send: [], timers });
    expect(passes.statements).toEqual([]);
  });

  test('one of an order without a saga is cleared', async () => {
    const orderId = newOrder();
    expect((await passes.pass(timer(orderId))).timers).toEqual([{ lane, orderId, at: null }]);
  });
});

describe('memory', () => {
  test('a pass over sagas that are remembered reads nothing, and writes with one statement', async () => {
    const orders = [newOrder(), newOrder(), newOrder()];
    const { send } = await passes.pass(...orders.map(orderId => startOf(orderId)));
    expect(passes.statements).toEqual(['load-sagas', 'start-sagas']);
    await passes.pass(...send.map(({ message }) => answerTo(message)));
    expect(passes.statements).toEqual(['advance-sagas']);
  });

  test('a pass that was rolled back leaves nothing behind: made again, it does the same', async () => {
    const orderId = newOrder();
    const once = await passes.passRolledBack(startOf(orderId));
    expect(typesOf(once)).toEqual(['inventory.reserve']);
    const { send } = await passes.pass(startOf(orderId));
    const reserved = answerTo(send[0]!.message);
    expect(typesOf(await passes.passRolledBack(reserved))).toEqual(['payment.authorize']);
    expect(typesOf(await passes.pass(reserved))).toEqual(['payment.authorize']);
    expect(typesOf(await passes.pass(reserved))).toEqual([]);
  });

  test('a lane that was dropped is forgotten: what another owner did meanwhile is seen', async () => {
    const { send } = await passes.pass(startOf(newOrder()));
    const mine = passes.handler;
    await passes.restart();
    const reserved = answerTo(send[0]!.message);
    expect(typesOf(await passes.pass(reserved))).toEqual(['payment.authorize']);
    passes.handler = mine;
    mine.dropped([lane]);
    expect(typesOf(await passes.pass(reserved))).toEqual([]);
  });

  test('a process that takes over in the middle goes on as if nothing had happened', async () => {
    let { send } = await passes.pass(startOf(newOrder()));
    const types: string[] = [];
    while (send.length > 0) {
      types.push(...send.map(({ message }) => message.type));
      await passes.restart();
      ({ send } = await passes.pass(...send.map(({ message }) => answerTo(message))));
    }
    expect(types).toHaveLength(7);
  });
});

import { type Answer, askDecision, cancelSaga } from '@ballast/contracts';
import { messagingMigrations, type Message } from '@ballast/messaging';
import { placeOrder, placeOrderTcc, placeOrderTwoPhase } from '@ballast/place-order';
import { databaseForTest } from '@ballast/testkit';
import { withPatience } from '@ballast/two-phase';
import { afterAll, describe, expect, test } from 'vitest';
import {
  anOrder,
  answerTo,
  blamed,
  messageOf,
  newOrder,
  Passes,
  startOf,
  timer,
  typesOf,
} from '../sagas/passes.fixture.js';
import { type Definition, Definitions } from '../sagas/definitions.js';
import { KnownVersions } from '../sagas/known-versions.js';
import { SagaRepository } from '../storage/saga-repository.js';
import { orchestratorMigrations } from '../storage/statements.js';

const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const impatience = { timeoutMs: 1_000, parkAfterAttempts: 2 };
const passes = await Passes.open(database, [
  placeOrder,
  withPatience(placeOrderTcc, impatience),
  withPatience(placeOrderTwoPhase, impatience),
]);
afterAll(() => passes.close());

const tcc = 'place-order-tcc';
const start = (orderId: string, definition = tcc, input: unknown = anOrder()) =>
  passes.pass(startOf(orderId, input, 60_000, definition));
const rejected = (code: string): Answer => ({ outcome: 'rejected', code });
const ask = (orderId: string, branch: string, definition = tcc): Message =>
  messageOf(askDecision, orderId, { branch, definition });

describe('try, confirm, cancel', () => {
  test('tries at the same time, confirms everything, and completes the order', async () => {
    const orderId = newOrder();
    const started = await start(orderId);
    expect(typesOf(started)).toEqual(['inventory.reserve', 'payment.authorize', 'shipping.book']);
    expect(await passes.settle(started)).toEqual([
      'inventory.reserve',
      'payment.authorize',
      'shipping.book',
      'inventory.commit',
      'payment.capture',
      'shipping.dispatch',
      'order.complete',
    ]);
    expect(await passes.stored(orderId)).toMatchObject({ ended: true, state: { kind: 'committed' } });
  });

  test('the participants are told who tries, so that they can ask; the order, which is no branch, is not', async () => {
    const started = await start(newOrder());
    expect(started.send.map(({ message }) => [message.step, message.tcc])).toEqual([
      ['inventory', tcc],
      ['payment', tcc],
      ['shipping', tcc],
    ]);
    const confirmed = await passes.pass(...started.send.map(({ message }) => answerTo(message)));
    expect(confirmed.send.map(({ message }) => message.tcc)).toEqual([tcc, tcc, tcc]);
    const completed = await passes.pass(...confirmed.send.map(({ message }) => answerTo(message)));
    expect(completed.send.map(({ message }) => [message.type, message.tcc])).toEqual([
      ['order.complete', undefined],
    ]);
  });

  test('one rejected try cancels the others, and the order with its reason', async () => {
    const orderId = newOrder();
    const types = await passes.settle(await start(orderId), {
      'payment.authorize': rejected('INSUFFICIENT_FUNDS'),
    });
    expect(types.slice(3)).toEqual(['inventory.release', 'shipping.cancel', 'order.cancel']);
    expect(await passes.stored(orderId)).toMatchObject({
      running: false,
      state: { kind: 'aborted', reason: 'INSUFFICIENT_FUNDS' },
    });
  });

  test('a pass of them takes no more statements than one of sagas', async () => {
    const { send } = await start(newOrder());
    expect(passes.statements).toEqual(['load-sagas', 'start-sagas']);
    await passes.pass(...send.map(({ message }) => answerTo(message)));
    expect(passes.statements).toEqual(['advance-sagas']);
  });

  test('sagas and coordinators share a pass', async () => {
    const [saga, coordinator] = [newOrder(), newOrder()];
    const begun = await passes.pass(startOf(saga), startOf(coordinator, anOrder(), 60_000, tcc));
    const types = await passes.settle(begun);
    expect(types.filter(type => type === 'order.complete')).toHaveLength(2);
    expect(await passes.stored(saga)).toMatchObject({ state: { kind: 'completed' } });
    expect(await passes.stored(coordinator)).toMatchObject({ state: { kind: 'committed' } });
  });
});

describe('two-phase commit', () => {
  test('four branches prepare, commit once all have, and the label is asked for afterwards', async () => {
    const started = await start(newOrder(), 'place-order-two-phase');
    expect(typesOf(started)).toEqual([
      'order.prepare-branch',
      'inventory.prepare-branch',
      'payment.prepare-branch',
      'shipping.prepare-branch',
    ]);
    const types = await passes.settle(started);
    expect(types.slice(4)).toEqual([
      'order.commit-branch',
      'inventory.commit-branch',
      'payment.commit-branch',
      'shipping.commit-branch',
      'shipping.dispatch',
    ]);
  });

  test('the decision is committed with the messages that tell it: a process that dies before has told nobody', async () => {
    const orderId = newOrder();
    const { send } = await start(orderId, 'place-order-two-phase');
    const votes = send.map(({ message }) => answerTo(message));
    await passes.passRolledBack(...votes);
    await passes.restart();
    expect(await passes.stored(orderId)).toMatchObject({ state: { kind: 'preparing' } });
    const decided = await passes.pass(...votes);
    expect(typesOf(decided)).toHaveLength(4);
    expect(await passes.stored(orderId)).toMatchObject({ state: { kind: 'committing' } });
  });

  test('what nobody can prepare is aborted without asking anybody', async () => {
    const input = { ...anOrder(), payment: { kind: 'card', token: 'tok-1' } };
    const orderId = newOrder();
    expect(typesOf(await start(orderId, 'place-order-two-phase', input))).toEqual(['order.cancel']);
    expect(await passes.stored(orderId)).toMatchObject({ state: { reason: 'CARD_NOT_PREPARABLE' } });
  });
});

describe('the question of a participant', () => {
  test('before the decision it is the decision: recorded, and told to everybody', async () => {
    const orderId = newOrder();
    await start(orderId);
    const { send } = await passes.pass(ask(orderId, 'inventory'));
    expect(send.map(({ message }) => message.type)).toEqual([
      'inventory.release',
      'payment.void',
      'shipping.cancel',
    ]);
    expect(await passes.stored(orderId)).toMatchObject({ state: { kind: 'aborting', reason: 'TIMEOUT' } });
  });

  test('after the decision it is told again, also when everything has ended', async () => {
    const orderId = newOrder();
    await passes.settle(await start(orderId));
    const { send } = await passes.pass(ask(orderId, 'payment'));
    expect(send).toMatchObject([{ message: { type: 'payment.capture', attempt: 2, tcc } }]);
    // Each attempt is counted, in what has ended, too: on the topic are as many as here.
    const again = await passes.pass(ask(orderId, 'payment'));
    expect(again.send).toMatchObject([{ message: { type: 'payment.capture', attempt: 3 } }]);
    expect(await passes.pass(answerTo(again.send[0]!.message))).toMatchObject({ send: [] });
    expect(await passes.stored(orderId)).toMatchObject({ running: false, due_at: null, ended: true });
  });

  test('about an order that nobody knows it is recorded as aborted before it is answered, and its start comes too late', async () => {
    const orderId = newOrder();
    const asked = await passes.pass(ask(orderId, 'payment', 'place-order-two-phase'));
    expect(typesOf(asked)).toEqual(['order.cancel', 'payment.roll-branch-back']);
    await passes.restart();
    expect(await passes.stored(orderId)).toMatchObject({ state: { kind: 'aborted', reason: 'TIMEOUT' } });
    expect(typesOf(await start(orderId, 'place-order-two-phase'))).toEqual([]);
    const again = await passes.pass(ask(orderId, 'payment', 'place-order-two-phase'));
    expect(typesOf(again)).toEqual(['payment.roll-branch-back']);
  });

  test('about an order that was cancelled before its start came is answered with that', async () => {
    const orderId = newOrder();
    await passes.pass(messageOf(cancelSaga, orderId, { requestedBy: 'customer' }));
    await passes.pass(ask(orderId, 'payment'));
    expect(await passes.stored(orderId)).toMatchObject({ state: { kind: 'aborted', reason: 'CANCELLED' } });
    expect(await passes.rows('SELECT FROM early_cancel WHERE order_id = $1', [orderId])).toEqual([]);
  });

  test('to a saga, which has no branches, is at fault', async () => {
    const orderId = newOrder();
    await passes.pass(startOf(orderId));
    expect(await blamed(passes.pass(ask(orderId, 'payment')))).toMatchObject([
      { why: expect.stringContaining('has no branches') as string },
    ]);
  });
});

describe('versions', () => {
  const second = { ...placeOrderTcc, version: 2, afterwards: [] };
  const check = (...known: readonly Definition[]) =>
    new KnownVersions(passes, new SagaRepository(), new Definitions(known)).onModuleInit();

  test('what has begun under version 1 ends under it, while new orders begin under version 2', async () => {
    const [early, late] = [newOrder(), newOrder()];
    const begun = await start(early);
    await passes.restart([placeOrder, placeOrderTcc, placeOrderTwoPhase, second]);
    expect((await passes.settle(begun)).at(-1)).toBe('order.complete');
    expect((await passes.settle(await start(late))).at(-1)).not.toBe('order.complete');
    await passes.restart();
  });

  test('a process that does not know a version that runs does not start', async () => {
    await start(newOrder());
    await expect(check(placeOrder, placeOrderTwoPhase, second)).rejects.toThrow(/of place-order-tcc 1;/);
    await check(placeOrder, placeOrderTwoPhase, placeOrderTcc, second);
  });
});

describe('time', () => {
  test('an order that was cancelled before its start came never begins', async () => {
    const orderId = newOrder();
    await passes.pass(messageOf(cancelSaga, orderId, { requestedBy: 'customer' }));
    expect(typesOf(await start(orderId))).toEqual(['order.cancel']);
  });

  test('a new owner is told the timers, and the deadline aborts what is undecided', async () => {
    const orderId = newOrder();
    const started = startOf(orderId, anOrder(), 500, tcc);
    const began = await passes.pass(started);
    expect(began.send.every(({ message }) => message.deadline !== undefined)).toBe(true);
    expect(await passes.restart()).toContainEqual(expect.objectContaining({ orderId }));
    // Its time is that of the machine, which goes on while the passes' own stands still.
    const { deadline } = started.data as { deadline: string };
    const { send } = await passes.later(Date.parse(deadline) + 1_000 - passes.now).pass(timer(orderId));
    expect(send).toHaveLength(3);
    expect(await passes.stored(orderId)).toMatchObject({ state: { reason: 'DEADLINE' } });
  });

  test('a confirm that is refused is tried again, then parked, visibly', async () => {
    const orderId = newOrder();
    const away: Answer = { outcome: 'refused', code: 'CARRIER_AWAY' };
    await passes.settle(await start(orderId), { 'shipping.dispatch': away });
    const { send } = await passes.later(1_000).pass(timer(orderId));
    expect(send).toMatchObject([{ message: { type: 'shipping.dispatch', attempt: 2 } }]);
    await passes.pass(answerTo(send[0]!.message, away));
    expect(await passes.rows('SELECT reason FROM parked_saga WHERE order_id = $1', [orderId])).toEqual([
      { reason: 'commit of shipping: CARRIER_AWAY' },
    ]);
  });
});

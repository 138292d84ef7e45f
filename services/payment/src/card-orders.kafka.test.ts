import { captureDeclinedToken, declinedToken } from '@ballast/simulators';
import { command, until } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  authorize,
  byCard,
  byWallet,
  capture,
  done,
  giveBack,
  paymentForTest,
} from './running-payment.fixture.js';

const payment = await paymentForTest();
/** Some wait for a gateway that is slower than the test is on a busy machine. */
const patience = { timeout: 60_000 };
const { send, ask, repliesTo, ledger, deposit, paymentOf, changeSince, misbehave, doneAtGateway, restart } =
  payment;
let number = 0;
let alice = '';
beforeEach(() => {
  alice = `alice-${++number}`;
  misbehave();
});

describe('an order that is paid by card', () => {
  test('holds and captures at the gateway; only the capture is money in our books', async () => {
    const [orderId, before] = [randomUUID(), await ledger()];
    expect(await ask(orderId, authorize(alice, 400, byCard()))).toEqual(done({ authorizationId: orderId }));
    expect(await changeSince(before)).toEqual({ customers: 0, escrow: 0, merchant: 0, bank: 0 });
    const captured = await ask(orderId, capture(orderId));
    expect(captured).toMatchObject({
      outcome: 'done',
      reply: { captureId: expect.stringMatching(/^capture_/) },
    });
    expect(await changeSince(before)).toEqual({ customers: 0, escrow: 0, merchant: 400, bank: -400 });
    expect(doneAtGateway(orderId)).toEqual(['hold', 'capture']);
  });

  test('is rejected when the card is declined', async () => {
    const orderId = randomUUID();
    expect(await ask(orderId, authorize(alice, 400, byCard(declinedToken)))).toMatchObject({
      outcome: 'rejected',
      code: 'CARD_DECLINED',
    });
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(doneAtGateway(orderId)).toEqual([]);
  });

  test('keeps its hold when the capture is declined, and gives it up when it is voided', async () => {
    const orderId = randomUUID();
    await ask(orderId, authorize(alice, 400, byCard(captureDeclinedToken)));
    expect(await ask(orderId, capture(orderId))).toMatchObject({
      outcome: 'rejected',
      code: 'CAPTURE_DECLINED',
    });
    expect(await paymentOf(orderId)).toMatchObject({ status: 'HELD', postings: [] });
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await paymentOf(orderId)).toMatchObject({ status: 'VOIDED', postings: [] });
    expect(doneAtGateway(orderId)).toEqual(['hold', 'void']);
  });

  test('is charged once when the gateway works and cuts the connection, or is out of order, again and again', async () => {
    const orderId = randomUUID();
    misbehave({ answer: 'error', times: 1 }, { answer: 'unknown', times: 2 });
    expect(await ask(orderId, authorize(alice, 400, byCard()))).toEqual(done({ authorizationId: orderId }));
    misbehave({ answer: 'unknown', times: 2 }, { answer: 'error', times: 1 });
    expect(await ask(orderId, capture(orderId))).toMatchObject({ outcome: 'done' });
    expect(doneAtGateway(orderId)).toEqual(['hold', 'capture']);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'CAPTURED' });
  });

  test('that is voided while the gateway is asked is reversed after its answer', async () => {
    const orderId = randomUUID();
    misbehave({ match: { operation: 'hold' }, delayMs: 2_500 });
    await send(command(orderId, authorize(alice, 400, byCard())), command(orderId, giveBack));
    const answers = await repliesTo(orderId, 2);
    expect(answers.map(({ type, data }) => [type, data])).toEqual([
      ['payment.authorize.answered', { outcome: 'aborted' }],
      ['payment.void.answered', done({})],
    ]);
    expect(doneAtGateway(orderId)).toEqual(['hold', 'void']);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'VOIDED', postings: [] });
  });

  test('that is voided while it is captured comes too late', async () => {
    const orderId = randomUUID();
    await ask(orderId, authorize(alice, 400, byCard()));
    misbehave({ match: { operation: 'capture' }, delayMs: 2_500 });
    await send(command(orderId, capture(orderId)), command(orderId, giveBack));
    const answers = await repliesTo(orderId, 3);
    expect(answers.slice(1).map(({ data }) => data)).toMatchObject([
      { outcome: 'done' },
      { outcome: 'refused', code: 'ALREADY_CAPTURED' },
    ]);
    expect(doneAtGateway(orderId)).toEqual(['hold', 'capture']);
  });

  test('does not hold up anybody else while the gateway is slow', patience, async () => {
    const [slow, quick] = [randomUUID(), randomUUID()];
    await deposit(alice, 1_000);
    misbehave({ match: { operation: 'hold' }, delayMs: 10_000, times: 1 });
    await send(command(slow, authorize(alice, 400, byCard())));
    await until(async () => (await paymentOf(slow)).status === 'AUTHORIZING');
    expect(await ask(quick, authorize(alice, 400, byWallet))).toMatchObject({ outcome: 'done' });
    expect(await paymentOf(slow)).toMatchObject({ status: 'AUTHORIZING' });
    expect(await repliesTo(slow, 1)).toMatchObject([{ data: { outcome: 'done' } }]);
  });

  test('is asked for again under the same key by whoever owns the lane next', patience, async () => {
    const orderId = randomUUID();
    misbehave({ match: { operation: 'hold' }, delayMs: 6_000, times: 1 });
    await send(command(orderId, authorize(alice, 400, byCard())));
    await until(async () => (await paymentOf(orderId)).status === 'AUTHORIZING');
    await restart();
    expect(await repliesTo(orderId, 1)).toMatchObject([{ data: { outcome: 'done' } }]);
    expect(doneAtGateway(orderId)).toEqual(['hold']);
  });
});

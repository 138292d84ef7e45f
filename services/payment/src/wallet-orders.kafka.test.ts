import { authorizePayment } from '@ballast/contracts';
import { command, until } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { authorize, byWallet, capture, done, giveBack, paymentForTest } from './running-payment.fixture.js';

const payment = await paymentForTest();
const {
  database,
  send,
  ask,
  repliesTo,
  firstRepliesTo,
  get,
  ledger,
  deposit,
  balance,
  paymentOf,
  changeSince,
} = payment;
let number = 0;
let alice = '';
beforeEach(() => {
  alice = `alice-${++number}`;
});

describe('an order that is paid from a wallet', () => {
  test('moves its money to escrow and on to the merchant', async () => {
    const [orderId, before] = [randomUUID(), await ledger()];
    await deposit(alice, 1_000);
    expect(await ask(orderId, authorize(alice, 400, byWallet))).toEqual(done({ authorizationId: orderId }));
    expect(await balance(alice)).toBe(600);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'HELD', amountCents: 400, method: 'wallet' });
    expect(await changeSince(before)).toEqual({ customers: 600, escrow: 400, merchant: 0, bank: -1_000 });
    expect(await ask(orderId, capture(orderId))).toEqual(done({ captureId: orderId }));
    expect(await paymentOf(orderId)).toMatchObject({ status: 'CAPTURED' });
    expect(await changeSince(before)).toEqual({ customers: 600, escrow: 0, merchant: 400, bank: -1_000 });
  });

  test('gets its money back when it is voided, and cannot be captured any more', async () => {
    const orderId = randomUUID();
    await deposit(alice, 1_000);
    await ask(orderId, authorize(alice, 400, byWallet));
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await balance(alice)).toBe(1_000);
    expect(await ask(orderId, capture(orderId))).toMatchObject({
      outcome: 'rejected',
      code: 'CAPTURE_DECLINED',
    });
    expect(await paymentOf(orderId)).toMatchObject({ status: 'VOIDED' });
  });

  test('is rejected without the money, and without a wallet', async () => {
    expect(await ask(randomUUID(), authorize(alice, 400, byWallet))).toMatchObject({
      outcome: 'rejected',
      code: 'UNKNOWN_CUSTOMER',
    });
    await deposit(alice, 399);
    const orderId = randomUUID();
    expect(await ask(orderId, authorize(alice, 400, byWallet))).toMatchObject({
      outcome: 'rejected',
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(await paymentOf(orderId)).toMatchObject({ status: 'DECLINED', postings: [] });
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await balance(alice)).toBe(399);
  });

  test('never starts once its undo came first', async () => {
    const orderId = randomUUID();
    await deposit(alice, 1_000);
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await ask(orderId, authorize(alice, 400, byWallet))).toEqual({ outcome: 'aborted' });
    expect(await ask(orderId, capture(orderId))).toMatchObject({
      outcome: 'rejected',
      code: 'CAPTURE_DECLINED',
    });
    expect(await balance(alice)).toBe(1_000);
  });

  test('pays once, however often each of its commands comes', async () => {
    const orderId = randomUUID();
    await deposit(alice, 1_000);
    const [hold, take] = [
      command(orderId, authorize(alice, 400, byWallet)),
      command(orderId, capture(orderId)),
    ];
    const again = command(orderId, authorize(alice, 400, byWallet));
    await send(hold, hold, again, take, again, hold, take, command(orderId, capture(orderId)));
    const answers = await repliesTo(orderId, 4);
    expect(answers.map(({ data }) => data)).toEqual([
      done({ authorizationId: orderId }),
      done({ authorizationId: orderId }),
      done({ captureId: orderId }),
      done({ captureId: orderId }),
    ]);
    expect(await balance(alice)).toBe(600);
  });

  test('shares its wallet with others in one pass: the last cent is spent once', async () => {
    await deposit(alice, 1_000);
    const orders = Array.from({ length: 30 }, () => randomUUID());
    await send(...orders.map(orderId => command(orderId, authorize(alice, 100, byWallet))));
    const answers = (await firstRepliesTo(orders)).map(({ data }) => data);
    expect(answers.filter(answer => answer.outcome === 'done')).toHaveLength(10);
    expect(answers.filter(answer => answer.outcome === 'rejected')).toHaveLength(20);
    expect(await balance(alice)).toBe(0);
  });
});

describe('a command that the contract does not allow', () => {
  test.each([
    ['no amount', { customerId: 'alice', method: byWallet }],
    ['a fraction of a cent', { customerId: 'alice', amountCents: 0.5, method: byWallet }],
    ['a customer id with U+0000', { customerId: 'a\u0000', amountCents: 1, method: byWallet }],
    ['an unknown method', { customerId: 'alice', amountCents: 1, method: { kind: 'cash' } }],
  ])('goes to the dead letters and moves nothing: %s', async (_, data) => {
    const [orderId, other] = [randomUUID(), randomUUID()];
    const before = await ledger();
    await send(command(orderId, { type: authorizePayment.type, data }), command(other, giveBack));
    await repliesTo(other, 1);
    await until(async () => {
      const rows = await database.rows('SELECT FROM dead_letter WHERE order_id = $1', [orderId]);
      return rows.length === 1;
    });
    expect(await ledger()).toEqual(before);
    expect(await database.rows('SELECT FROM payment WHERE order_id = $1', [orderId])).toEqual([]);
  });
});

test('is ready when its lanes and its database are, and the ledger agrees with its postings and wallets', async () => {
  await expect.poll(() => get('/health/ready')).toMatchObject({ status: 'ok' });
  const { accounts, sumCents, walletsCents } = await ledger();
  const postings = await database.rows<{ account: string; sum: number }>(
    'SELECT account, sum(amount_cents)::float8 AS sum FROM posting GROUP BY account',
  );
  const sums = new Map(postings.map(({ account, sum }) => [account, sum]));
  const balances = accounts.map(({ account, balanceCents }) => [account, balanceCents]);
  expect(balances).toEqual([
    ['customers', sums.get('customer')],
    ['escrow', sums.get('escrow')],
    ['merchant', sums.get('merchant')],
    ['bank', sums.get('bank')],
  ]);
  expect({ sumCents, walletsCents }).toEqual({ sumCents: 0, walletsCents: sums.get('customer') });
  const held = await database.rows<{ sum: number }>(
    `SELECT coalesce(sum(amount_cents), 0)::float8 AS sum FROM payment WHERE status = 'held' AND card_token IS NULL`,
  );
  expect(sums.get('escrow')).toBe(held[0]?.sum);
});

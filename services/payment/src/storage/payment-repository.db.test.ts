import { openConnection, openPool, transaction, type Connection } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Authorization, Payment } from '../domain/authorization.js';
import { bank, customer, escrow, merchant, transfer, type Posting, type Wallet } from '../domain/ledger.js';
import { Accounts } from './accounts.js';
import { PaymentRepository } from './payment-repository.js';
import { paymentMigrations } from './statements.js';

const database = await databaseForTest({ sets: [paymentMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 4 });
afterAll(() => pool.end());

const repository = new PaymentRepository();
const accounts = new Accounts(pool);
let number = 0;
let alice = '';
let bob = '';
beforeEach(() => {
  // Every test has customers of its own.
  alice = `alice-${++number}`;
  bob = `bob-${number}`;
});

const save = (changes: {
  own?: Map<string, Authorization>;
  shared?: Map<string, Wallet>;
  appended?: readonly Posting[];
}) =>
  transaction(pool, tx =>
    repository.save(tx, { own: new Map(), shared: new Map(), appended: [], ...changes }),
  );

describe('authorizations', () => {
  const identifier = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
  const base = { customerId: identifier, amountCents: fc.integer({ min: 1, max: 10 ** 12 }) };
  const byWallet: fc.Arbitrary<Payment> = fc.record({
    ...base,
    method: fc.constant({ kind: 'wallet' as const }),
  });
  const byCard: fc.Arbitrary<Payment> = fc.record({
    ...base,
    method: fc.record({ kind: fc.constant('card' as const), token: identifier }),
  });
  const escrowed = fc.constant({ at: 'escrow' as const });
  const onCard = fc.record({ at: fc.constant('gateway' as const), holdId: identifier });
  const is = <const Status extends string>(...statuses: Status[]) => fc.constantFrom(...statuses);
  const anyAuthorization: fc.Arbitrary<Authorization> = fc.oneof(
    fc.record({ status: is('authorizing'), payment: byCard }),
    fc.record({
      status: is('declined'),
      payment: fc.oneof(byWallet, byCard),
      code: is('CARD_DECLINED', 'INSUFFICIENT_FUNDS', 'UNKNOWN_CUSTOMER'),
    }),
    fc.record({ status: is('held', 'voided'), payment: byWallet, hold: escrowed }),
    fc.record({ status: is('held', 'voided', 'capturing', 'voiding'), payment: byCard, hold: onCard }),
    fc.record({ status: is('captured'), payment: byWallet, hold: escrowed, captureId: fc.constant(null) }),
    fc.record({ status: is('captured'), payment: byCard, hold: onCard, captureId: identifier }),
    fc.constant({ status: 'voided' as const, payment: null, hold: null }),
  ) as fc.Arbitrary<Authorization>;

  test('come back as they were saved, in every state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAuthorization, { minLength: 1, maxLength: 30 }), async authorizations => {
        const own = new Map(authorizations.map(authorization => [randomUUID(), authorization]));
        await save({ own });
        expect(await repository.loadOwn(pool, [...own.keys(), randomUUID()])).toEqual(own);
      }),
      { numRuns: 50 },
    );
  });

  test('are replaced by what is saved later', async () => {
    const orderId = randomUUID();
    const payment: Payment = { customerId: alice, amountCents: 5, method: { kind: 'card', token: 'tok' } };
    const hold = { at: 'gateway', holdId: 'hold-1' } as const;
    const path: Authorization[] = [
      { status: 'authorizing', payment },
      { status: 'held', payment, hold },
      { status: 'capturing', payment, hold },
      { status: 'held', payment, hold },
      { status: 'voiding', payment, hold },
      { status: 'voided', payment, hold },
    ];
    for (const authorization of path) {
      await save({ own: new Map([[orderId, authorization]]) });
      expect(await repository.loadOwn(pool, [orderId])).toEqual(new Map([[orderId, authorization]]));
    }
  });
});

describe('wallets', () => {
  const demand = (...keys: string[]) => new Map(keys.map(key => [key, 1]));
  let holder: Connection;
  beforeAll(async () => {
    holder = await openConnection({
      url: database.url,
      applicationName: 'test',
      transactionTimeoutMs: 10_000,
    });
  });
  afterAll(() => holder.end());

  test('that nobody opened are neither found nor locked', async () => {
    await accounts.deposit(alice, 100, null);
    for (const locks of ['wait', 'skip'] as const) {
      const loaded = await transaction(pool, tx => repository.loadShared(tx, demand(alice, bob), locks));
      expect(loaded).toEqual({
        found: new Map([[alice, { customerId: alice, balanceCents: 100 }]]),
        locked: new Set(),
      });
    }
  });

  test('that somebody holds are told from those that do not exist', async () => {
    await accounts.deposit(alice, 100, null);
    await accounts.deposit(bob, 200, null);
    await Promise.all([
      holder.query({ text: 'BEGIN' }),
      holder.query({ text: 'SELECT FROM wallet WHERE customer_id = $1 FOR UPDATE', values: [alice] }),
    ]);
    const loaded = await transaction(pool, tx =>
      repository.loadShared(tx, demand(alice, bob, 'nobody'), 'skip'),
    );
    await holder.query({ text: 'ROLLBACK' });
    expect(loaded).toEqual({
      found: new Map([[bob, { customerId: bob, balanceCents: 200 }]]),
      locked: new Set([alice]),
    });
  });

  test('are waited for, and then seen as the holder left them', async () => {
    await accounts.deposit(alice, 100, null);
    await holder.query({ text: 'BEGIN' });
    await holder.query({
      text: 'UPDATE wallet SET balance_cents = 7 WHERE customer_id = $1',
      values: [alice],
    });
    const loading = transaction(pool, tx => repository.loadShared(tx, demand(alice), 'wait'));
    await blocked();
    await holder.query({ text: 'COMMIT' });
    expect((await loading).found).toEqual(new Map([[alice, { customerId: alice, balanceCents: 7 }]]));
  });

  test('are locked until the end of the transaction', async () => {
    await accounts.deposit(alice, 100, null);
    await Promise.all([
      holder.query({ text: 'BEGIN' }),
      repository.loadShared(holder, demand(alice), 'wait'),
    ]);
    const deposited = accounts.deposit(alice, 1, null);
    await blocked();
    await repository.save(holder, {
      own: new Map(),
      shared: new Map([[alice, { customerId: alice, balanceCents: 60 }]]),
      appended: transfer(randomUUID(), 'authorize', customer(alice), escrow, 40),
    });
    await holder.query({ text: 'COMMIT' });
    expect(await deposited).toMatchObject({ account: { customerId: alice, balanceCents: 61 } });
  });

  test('are locked in one order, so that two passes never wait for each other in a circle', async () => {
    const customers = Array.from({ length: 40 }, (_, i) => `crowd-${number}-${String(i).padStart(2, '0')}`);
    for (const customerId of customers) await accounts.deposit(customerId, 1_000, null);
    const pass = (order: string[]) =>
      transaction(pool, async tx => {
        const { found } = await repository.loadShared(tx, demand(...order), 'wait');
        const shared = new Map(
          [...found].map(([key, wallet]) => [key, { ...wallet, balanceCents: wallet.balanceCents - 1 }]),
        );
        const appended = order.flatMap(key => transfer(randomUUID(), 'authorize', customer(key), escrow, 1));
        await repository.save(tx, { own: new Map(), shared, appended });
      });
    const reversed = customers.toReversed();
    await Promise.all(Array.from({ length: 30 }, (_, i) => pass(i % 2 === 0 ? customers : reversed)));
    for (const customerId of customers) expect((await accounts.account(customerId))?.balanceCents).toBe(970);
  });

  test('that were never opened cannot be saved', async () => {
    const shared = new Map([[alice, { customerId: alice, balanceCents: 1 }]]);
    await expect(save({ shared })).rejects.toThrow('1 wallets were changed, and 0 saved');
  });

  test('are never stored with a negative balance, nor with one that cannot be counted', async () => {
    await accounts.deposit(alice, 100, null);
    for (const balanceCents of [-1, 2 ** 53]) {
      const shared = new Map([[alice, { customerId: alice, balanceCents }]]);
      await expect(save({ shared })).rejects.toMatchObject({ code: '23514' });
    }
    expect((await accounts.account(alice))?.balanceCents).toBe(100);
  });

  async function blocked(): Promise<void> {
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = $1 AND backend_type = 'client backend'";
    while ((await database.rows(waiting, ['Lock'])).length === 0);
  }
});

describe('the ledger', () => {
  test('has a total that is the sum of its postings after every save, with any number of partial sums', async () => {
    const accountOf = fc.constantFrom(customer('carol'), escrow, merchant, bank);
    const movement = fc.record({
      from: accountOf,
      to: accountOf,
      amountCents: fc.integer({ min: 1, max: 10 ** 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(movement, { minLength: 1, maxLength: 20 }), async movements => {
        await save({
          appended: movements
            .filter(({ from, to }) => from.kind !== to.kind)
            .flatMap(({ from, to, amountCents }) =>
              transfer(randomUUID(), 'authorize', from, to, amountCents),
            ),
        });
        const postings = await database.rows<{ account: string; sum: string }>(
          'SELECT account, sum(amount_cents)::text AS sum FROM posting GROUP BY account',
        );
        const sums = new Map(postings.map(({ account, sum }) => [account, Number(sum)]));
        const ledger = await accounts.ledger();
        expect(ledger.sumCents).toBe(0);
        expect(ledger.accounts.map(({ balanceCents }) => balanceCents)).toEqual(
          ['customer', 'escrow', 'merchant', 'bank'].map(account => sums.get(account) ?? 0),
        );
      }),
      { numRuns: 20 },
    );
  });

  test('refuses a save that makes or loses a cent', async () => {
    const [, half] = transfer(randomUUID(), 'capture', escrow, merchant, 100);
    await expect(save({ appended: [half] })).rejects.toMatchObject({ code: '23514' });
  });

  test('refuses to move an order’s money twice for one reason', async () => {
    const orderId = randomUUID();
    await save({ appended: transfer(orderId, 'capture', escrow, merchant, 100) });
    await expect(
      save({ appended: transfer(orderId, 'capture', escrow, merchant, 100) }),
    ).rejects.toMatchObject({
      code: '23505',
    });
  });
});

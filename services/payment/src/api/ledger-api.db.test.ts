import { AuthorizationView, LedgerView } from '@ballast/contracts';
import { transaction } from '@ballast/platform';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { bank, customer, escrow, merchant, transfer } from '../domain/ledger.js';
import { PaymentRepository } from '../storage/payment-repository.js';
import { paymentApiForTest, problemJson } from './payment-api.fixture.js';

const { pool, get, deposit } = await paymentApiForTest();
let number = 0;
let alice = '';
beforeEach(() => (alice = `alice-${++number}`));

describe('the ledger', () => {
  test('shows what each account holds; wallets and postings agree', async () => {
    const before = LedgerView.parse((await get('/ledger')).body);
    const orderId = randomUUID();
    await deposit(alice, 1_000);
    await transaction(pool, tx =>
      new PaymentRepository().save(tx, {
        own: new Map(),
        shared: new Map([[alice, { customerId: alice, balanceCents: 600 }]]),
        appended: [
          ...transfer(orderId, 'authorize', customer(alice), escrow, 400),
          ...transfer(orderId, 'capture', escrow, merchant, 400),
          ...transfer(randomUUID(), 'capture', bank, merchant, 70),
        ],
      }),
    );
    const after = LedgerView.parse((await get('/ledger')).body);
    const change = after.accounts.map(({ account, balanceCents }, i) => [
      account,
      balanceCents - before.accounts[i]!.balanceCents,
    ]);
    expect(Object.fromEntries(change)).toEqual({ customers: 600, escrow: 0, merchant: 470, bank: -1_070 });
    expect(after.sumCents).toBe(0);
    expect(after.walletsCents).toBe(after.accounts[0]!.balanceCents);
  });

  test('shows sums that no double can hold, as near as one can', async () => {
    const orders = Array.from({ length: 10_000 }, () => randomUUID());
    await transaction(pool, tx =>
      new PaymentRepository().save(tx, {
        own: new Map(),
        shared: new Map(),
        appended: orders.flatMap(orderId => transfer(orderId, 'capture', bank, merchant, 10 ** 12)),
      }),
    );
    const { accounts, sumCents } = LedgerView.parse((await get('/ledger')).body);
    expect(accounts.find(({ account }) => account === 'merchant')?.balanceCents).toBeGreaterThanOrEqual(
      10 ** 16,
    );
    expect(sumCents).toBe(0);
  });
});

describe('the payment of an order', () => {
  test('is shown with the postings of its money, in the order of their making', async () => {
    const orderId = randomUUID();
    const payment = { customerId: alice, amountCents: 400, method: { kind: 'wallet' } } as const;
    const save = (captured: boolean) =>
      transaction(pool, tx =>
        new PaymentRepository().save(tx, {
          own: new Map([
            [
              orderId,
              captured
                ? { status: 'captured', payment, hold: { at: 'escrow' }, captureId: null }
                : { status: 'held', payment, hold: { at: 'escrow' } },
            ],
          ]),
          shared: new Map(),
          appended: captured
            ? transfer(orderId, 'capture', escrow, merchant, 400)
            : transfer(orderId, 'authorize', customer(alice), escrow, 400),
        }),
      );
    await save(false);
    await save(true);
    const { status, body } = await get(`/authorizations/${orderId.toUpperCase()}`);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        orderId,
        status: 'CAPTURED',
        method: 'wallet',
        customerId: alice,
        amountCents: 400,
        postings: [
          { account: `customer:${alice}`, amountCents: -400, kind: 'authorize', orderId },
          { account: 'escrow', amountCents: 400, kind: 'authorize', orderId },
          { account: 'escrow', amountCents: -400, kind: 'capture', orderId },
          { account: 'merchant', amountCents: 400, kind: 'capture', orderId },
        ],
      },
    });
    expect(AuthorizationView.strict().safeParse(body).success).toBe(true);
  });

  test('is not found when it was never asked for, or voided before', async () => {
    const orderId = randomUUID();
    await transaction(pool, tx =>
      new PaymentRepository().save(tx, {
        own: new Map([[orderId, { status: 'voided', payment: null, hold: null }]]),
        shared: new Map(),
        appended: [],
      }),
    );
    for (const id of [orderId, randomUUID(), 'not-an-id', '%00']) {
      expect(await get(`/authorizations/${id}`)).toMatchObject({
        status: 404,
        type: problemJson,
        body: { code: 'AUTHORIZATION_NOT_FOUND' },
      });
    }
  });
});

test('the documentation has every address, with its schemas', async () => {
  const { body } = await get('/docs-json');
  const { paths, components } = body as { paths: Record<string, object>; components: { schemas: object } };
  expect(Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods)])).toEqual(
    expect.arrayContaining([
      ['/accounts/{customerId}/deposits', ['post']],
      ['/accounts', ['get']],
      ['/accounts/{customerId}', ['get']],
      ['/ledger', ['get']],
      ['/authorizations/{orderId}', ['get']],
    ]),
  );
  for (const schema of ['Deposit', 'AccountView', 'AccountPage', 'LedgerView', 'AuthorizationView']) {
    expect(components.schemas).toHaveProperty(schema);
  }
});

import 'reflect-metadata';
import { AccountPage, AccountView, AuthorizationView, LedgerView, problems } from '@ballast/contracts';
import { buildApplication, createLogger, openPool, transaction } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bank, customer, escrow, merchant, transfer } from '../domain/ledger.js';
import { PaymentApiModule } from '../payment-api.module.js';
import { PaymentRepository } from '../storage/payment-repository.js';
import { paymentMigrations } from '../storage/statements.js';

const database = await databaseForTest({ sets: [paymentMigrations] });
const logger = createLogger({ name: 'payment', level: 'silent' });
const pool = openPool({ url: database.url, applicationName: 'payment', max: 8, logger });
let app: NestFastifyApplication;

beforeAll(async () => {
  app = await buildApplication({
    name: 'payment',
    module: PaymentApiModule.register(pool),
    logger,
    problems,
  });
});
afterAll(async () => {
  await app.close();
  await pool.end();
});

let number = 0;
let alice = '';
beforeEach(() => (alice = `alice-${++number}`));

const get = async (url: string) => answerOf(await app.inject({ url }));
const post = async (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  answerOf(await app.inject({ method: 'POST', url, payload: payload as object, headers }));
const deposit = (amountCents: unknown, key?: string, customerId = alice) =>
  post(
    `/accounts/${customerId}/deposits`,
    { amountCents },
    key === undefined ? {} : { 'idempotency-key': key },
  );

describe('a deposit', () => {
  test('opens the wallet, and the next one adds to it', async () => {
    expect(await deposit(1_000)).toEqual({ status: 200, body: { customerId: alice, balanceCents: 1_000 } });
    expect(await deposit(1)).toEqual({ status: 200, body: { customerId: alice, balanceCents: 1_001 } });
    expect(await get(`/accounts/${alice}`)).toEqual({
      status: 200,
      body: { customerId: alice, balanceCents: 1_001 },
    });
  });

  test('is booked from the bank to the customer', async () => {
    await deposit(700);
    expect(
      await database.rows(
        `SELECT kind, account, customer_id, amount_cents::int, order_id FROM posting
         WHERE posted_at = (SELECT posted_at FROM posting WHERE customer_id = $1) ORDER BY amount_cents`,
        [alice],
      ),
    ).toEqual([
      { kind: 'deposit', account: 'bank', customer_id: null, amount_cents: -700, order_id: null },
      { kind: 'deposit', account: 'customer', customer_id: alice, amount_cents: 700, order_id: null },
    ]);
  });

  test('is made once under one key, and answered the same each time', async () => {
    const key = randomUUID();
    const first = await deposit(1_000, key);
    await deposit(5);
    expect(await deposit(1_000, key)).toEqual({ ...first, replayed: 'true' });
    expect((await get(`/accounts/${alice}`)).body).toMatchObject({ balanceCents: 1_005 });
  });

  test('is made once under one key that is used by many requests at the same time', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => deposit(1_000, key)));
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 200, body: { balanceCents: 1_000 } });
    expect(answers.filter(answer => answer.replayed === undefined)).toHaveLength(1);
    expect((await get(`/accounts/${alice}`)).body).toMatchObject({ balanceCents: 1_000 });
  });

  test('is refused under the key of another amount or another customer', async () => {
    const key = randomUUID();
    await deposit(1_000, key);
    for (const other of [deposit(1_001, key), deposit(1_000, key, `${alice}-2`)]) {
      expect(await other).toMatchObject({
        status: 422,
        type: problemJson,
        body: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
    }
    expect((await get(`/accounts/${alice}`)).body).toMatchObject({ balanceCents: 1_000 });
    expect((await get(`/accounts/${alice}-2`)).status).toBe(404);
  });

  test.each(['', 'with space', 'ümlaut', 'x'.repeat(256)])('is refused under the key %j', async key => {
    expect(await deposit(1_000, key)).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY_KEY_INVALID' },
    });
    expect((await get(`/accounts/${alice}`)).status).toBe(404);
  });

  const amounts: unknown[] = [0, -1, 0.5, 1e-7, 1e12 + 1, 2 ** 53, 1e300, '5', null, true, [], {}, undefined];
  test.each(amounts.map(amount => ({ amount })))(
    'of $amount cents is refused, and opens no wallet',
    async ({ amount }) => {
      expect(await deposit(amount)).toMatchObject({
        status: 400,
        type: problemJson,
        body: { code: 'VALIDATION_FAILED' },
      });
      expect((await get(`/accounts/${alice}`)).status).toBe(404);
    },
  );

  test('with a member that nobody knows is refused', async () => {
    expect(await post(`/accounts/${alice}/deposits`, { amountCents: 1, currency: 'EUR' })).toMatchObject({
      status: 400,
    });
  });

  test('to a customer id that is none is refused', async () => {
    for (const id of ['a%20b', '%00', 'x'.repeat(65), 'a%2Fb', '%F0%9F%92%B6']) {
      expect(await deposit(1, undefined, id)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      });
    }
  });

  test('beyond what can be counted is refused, and changes nothing', async () => {
    await deposit(1);
    await database.rows('UPDATE wallet SET balance_cents = $2 WHERE customer_id = $1', [
      alice,
      2 ** 53 - 1 - 10,
    ]);
    const key = randomUUID();
    expect(await deposit(11, key)).toMatchObject({
      status: 422,
      type: problemJson,
      body: { code: 'BALANCE_LIMIT_EXCEEDED' },
    });
    const { body } = await deposit(10, key);
    expect(AccountView.parse(body)).toEqual({ customerId: alice, balanceCents: 2 ** 53 - 1 });
    await database.rows('UPDATE wallet SET balance_cents = 11 WHERE customer_id = $1', [alice]);
  });
});

describe('accounts', () => {
  test('that nobody opened are not found', async () => {
    for (const id of [alice, '%00', 'a%20b', 'x'.repeat(200)]) {
      expect(await get(`/accounts/${id}`)).toMatchObject({
        status: 404,
        type: problemJson,
        body: { code: 'ACCOUNT_NOT_FOUND' },
      });
    }
  });

  test('are listed once each over the pages, by customer id', async () => {
    const names = ['B', 'a', '_', '0', 'b.c', 'b-c'].map(name => `page-${name}`);
    for (const name of names) await deposit(1, undefined, name);
    const seen: string[] = [];
    let cursor: string | null = 'page';
    for (let pages = 0; cursor !== null; pages++) {
      expect(pages, 'pages').toBeLessThan(10);
      const page: AccountPage = AccountPage.parse((await get(`/accounts?limit=2&cursor=${cursor}`)).body);
      seen.push(...page.accounts.map(account => account.customerId));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([...names].sort());
    const all = AccountPage.parse((await get('/accounts?limit=200')).body);
    expect(all.accounts.map(account => account.customerId)).toEqual(expect.arrayContaining(names));
  });

  test.each(['limit=0', 'limit=201', 'limit=-1', 'limit=1e2', 'limit=', 'cursor=', 'cursor=%00', 'page=2'])(
    'are not listed with %s',
    async query =>
      expect(await get(`/accounts?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      }),
  );
});

describe('the ledger', () => {
  test('shows what each account holds; wallets and postings agree', async () => {
    const before = LedgerView.parse((await get('/ledger')).body);
    const orderId = randomUUID();
    await deposit(1_000);
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

const problemJson = 'application/problem+json; charset=utf-8';

function answerOf(response: { statusCode: number; body: string; headers: Record<string, unknown> }) {
  const { 'content-type': type, 'idempotency-replayed': replayed } = response.headers;
  return {
    status: response.statusCode,
    body: JSON.parse(response.body) as unknown,
    ...(response.statusCode >= 400 && { type }),
    ...(replayed !== undefined && { replayed }),
  };
}

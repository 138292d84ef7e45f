import { AccountPage, AccountView } from '@ballast/contracts';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { paymentApiForTest, problemJson } from './payment-api.fixture.js';

const { database, get, post, deposit } = await paymentApiForTest();
let number = 0;
let alice = '';
beforeEach(() => (alice = `alice-${++number}`));

describe('a deposit', () => {
  test('opens the wallet, and the next one adds to it', async () => {
    expect(await deposit(alice, 1_000)).toEqual({
      status: 200,
      body: { customerId: alice, balanceCents: 1_000 },
    });
    expect(await deposit(alice, 1)).toEqual({
      status: 200,
      body: { customerId: alice, balanceCents: 1_001 },
    });
    expect(await get(`/accounts/${alice}`)).toEqual({
      status: 200,
      body: { customerId: alice, balanceCents: 1_001 },
    });
  });

  test('is booked from the bank to the customer', async () => {
    await deposit(alice, 700);
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
    const first = await deposit(alice, 1_000, key);
    await deposit(alice, 5);
    expect(await deposit(alice, 1_000, key)).toEqual({ ...first, replayed: 'true' });
    expect((await get(`/accounts/${alice}`)).body).toMatchObject({ balanceCents: 1_005 });
  });

  test('is made once under one key that is used by many requests at the same time', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => deposit(alice, 1_000, key)));
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 200, body: { balanceCents: 1_000 } });
    expect(answers.filter(answer => answer.replayed === undefined)).toHaveLength(1);
    expect((await get(`/accounts/${alice}`)).body).toMatchObject({ balanceCents: 1_000 });
  });

  test('is refused under the key of another amount or another customer', async () => {
    const key = randomUUID();
    await deposit(alice, 1_000, key);
    for (const other of [deposit(alice, 1_001, key), deposit(`${alice}-2`, 1_000, key)]) {
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
    expect(await deposit(alice, 1_000, key)).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY_KEY_INVALID' },
    });
    expect((await get(`/accounts/${alice}`)).status).toBe(404);
  });

  const amounts: unknown[] = [0, -1, 0.5, 1e-7, 1e12 + 1, 2 ** 53, 1e300, '5', null, true, [], {}, undefined];
  test.each(amounts.map(amount => ({ amount })))(
    'of $amount cents is refused, and opens no wallet',
    async ({ amount }) => {
      expect(await deposit(alice, amount)).toMatchObject({
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
      expect(await deposit(id, 1)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      });
    }
  });

  test('beyond what can be counted is refused, and changes nothing', async () => {
    await deposit(alice, 1);
    await database.rows('UPDATE wallet SET balance_cents = $2 WHERE customer_id = $1', [
      alice,
      2 ** 53 - 1 - 10,
    ]);
    const key = randomUUID();
    expect(await deposit(alice, 11, key)).toMatchObject({
      status: 422,
      type: problemJson,
      body: { code: 'BALANCE_LIMIT_EXCEEDED' },
    });
    const { body } = await deposit(alice, 10, key);
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
    for (const name of names) await deposit(name, 1);
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

import { createLogger, Housekeeping, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { escrow, merchant, transfer } from '../domain/ledger.js';
import { Accounts } from './accounts.js';
import { finishedOrders, paymentChores } from './chores.js';
import { PaymentRepository } from './payment-repository.js';
import { paymentMigrations } from './statements.js';

const database = await databaseForTest({ sets: [paymentMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 6 });
afterAll(() => pool.end());

const repository = new PaymentRepository();
const accounts = new Accounts(pool);
const housekeeping = new Housekeeping(
  pool,
  paymentChores({ IDEMPOTENCY_KEY_RETENTION_MS: 7 * 86_400_000, PURGE_INTERVAL_MS: 1_000 }),
  createLogger({ name: 'test', level: 'silent' }),
);
const capture = (amountCents: number) =>
  repository.save(pool, {
    own: new Map(),
    shared: new Map(),
    appended: transfer(randomUUID(), 'capture', escrow, merchant, amountCents),
  });
const merchantCents = async () =>
  (await accounts.ledger()).accounts.find(({ account }) => account === 'merchant')?.balanceCents;
const parts = async () =>
  (await database.rows<{ n: number }>('SELECT count(*)::int AS n FROM ledger_total'))[0]?.n;

test('parts of the totals are merged while postings are appended and sums are read, and no cent is lost', async () => {
  let captured = 0;
  let underWay = true;
  const housekeepers = Array.from({ length: 2 }, async () => {
    while (underWay) await housekeeping.tidy();
  });
  const reader = (async () => {
    while (underWay) {
      const atLeast = captured;
      const { sumCents, accounts: sums } = await accounts.ledger();
      expect(sumCents).toBe(0);
      expect(sums.find(({ account }) => account === 'merchant')!.balanceCents).toBeGreaterThanOrEqual(
        atLeast,
      );
    }
  })();
  const writers = Array.from({ length: 2 }, async () => {
    for (let i = 0; i < 400; i++) {
      await capture(3);
      captured += 3;
    }
  });
  await Promise.all(writers);
  underWay = false;
  await Promise.all([reader, ...housekeepers]);
  expect(await merchantCents()).toBe(2_400);
  // Merged while they were written, or 800 would be left.
  expect(await parts()).toBeLessThan(400);
});

test('parts are merged until they are few, and then left alone', async () => {
  for (let i = 0; i < 120; i++) await capture(1);
  const before = await merchantCents();
  await housekeeping.tidy();
  expect(await parts()).toBe(1);
  await capture(1);
  await housekeeping.tidy();
  expect(await parts()).toBe(2);
  expect(await merchantCents()).toBe(before! + 1);
});

test('a deposit’s key is remembered for a week', async () => {
  const [young, old] = [randomUUID(), randomUUID()];
  await accounts.deposit('alice', 5, young);
  await accounts.deposit('alice', 5, old);
  const age = 'UPDATE deposit_key SET deposited_at = now() - $2::interval WHERE idempotency_key = $1';
  await database.rows(age, [young, '6 days 23 hours']);
  await database.rows(age, [old, '7 days 1 hour']);
  await housekeeping.tidy();
  expect(await accounts.deposit('alice', 5, young)).toMatchObject({ replayed: true });
  expect(await accounts.deposit('alice', 5, old)).toMatchObject({ replayed: false });
});

test('an order whose money is still held, or on its way, is not finished', async () => {
  const orders = Object.fromEntries(
    ['authorizing', 'held', 'capturing', 'captured', 'voiding', 'voided', 'declined', 'unknown'].map(
      status => [status, randomUUID()],
    ),
  );
  for (const [status, orderId] of Object.entries(orders)) {
    if (status === 'unknown') continue;
    await database.rows(
      `INSERT INTO payment (order_id, status, customer_id, amount_cents, decline_code)
       VALUES ($1, $2::text, 'alice', 1, CASE WHEN $2::text = 'declined' THEN 'CARD_DECLINED' END)`,
      [orderId, status],
    );
  }
  const { rows } = await pool.query<{ order_id: string }>(finishedOrders(Object.values(orders)));
  const last = ['captured', 'voided', 'declined', 'unknown'].map(status => orders[status]);
  expect(rows.map(({ order_id }) => order_id).sort()).toEqual(last.sort());
});

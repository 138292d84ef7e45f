import { createLogger, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test, vi } from 'vitest';
import { escrow, merchant, transfer } from '../domain/ledger.js';
import { Accounts } from './accounts.js';
import { Housekeeping } from './housekeeping.js';
import { PaymentRepository } from './payment-repository.js';
import { paymentMigrations } from './statements.js';

const database = await databaseForTest({ sets: [paymentMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 6 });
afterAll(() => pool.end());

const repository = new PaymentRepository();
const accounts = new Accounts(pool);
const housekeeping = new Housekeeping(pool, createLogger({ name: 'test', level: 'silent' }));
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

test('it goes on by itself, through a database that fails, until it is stopped', async () => {
  vi.useFakeTimers();
  try {
    let asked = 0;
    const failing = { query: async () => Promise.reject(new Error(`the database is away (${++asked})`)) };
    const told: string[] = [];
    const warn = (about: { err: Error }) => void told.push(about.err.message);
    const unlucky = new Housekeeping(failing, { warn } as never);
    unlucky.start();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(told).toEqual([1, 2, 3].map(n => `the database is away (${n})`));
    await unlucky.stop();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(told).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

import { createLogger, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { Capacities } from './capacities.js';
import { Housekeeping } from './housekeeping.js';
import { shippingMigrations } from './statements.js';

const database = await databaseForTest({ sets: [shippingMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

test('the key of added slots is remembered for a week', async () => {
  const capacities = new Capacities(pool);
  const housekeeping = new Housekeeping(pool, createLogger({ name: 'test', level: 'silent' }));
  const [young, old] = [randomUUID(), randomUUID()];
  await capacities.addSlots('north', '2030-12-24', 5, young);
  await capacities.addSlots('north', '2030-12-24', 5, old);
  const age = 'UPDATE slots_key SET added_at = now() - $2::interval WHERE idempotency_key = $1';
  await database.rows(age, [young, '6 days 23 hours']);
  await database.rows(age, [old, '7 days 1 hour']);
  await housekeeping.tidy();
  expect(await capacities.addSlots('north', '2030-12-24', 5, young)).toMatchObject({ replayed: true });
  expect(await capacities.addSlots('north', '2030-12-24', 5, old)).toMatchObject({ replayed: false });
});

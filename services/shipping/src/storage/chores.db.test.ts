import { createLogger, Housekeeping, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { Capacities } from './capacities.js';
import { finishedOrders, shippingChores } from './chores.js';
import { shippingMigrations } from './statements.js';

const database = await databaseForTest({ sets: [shippingMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

test('the key of added slots is remembered for a week', async () => {
  const capacities = new Capacities(pool);
  const housekeeping = new Housekeeping(
    pool,
    shippingChores({ IDEMPOTENCY_KEY_RETENTION_MS: 7 * 86_400_000, PURGE_INTERVAL_MS: 1_000 }),
    createLogger({ name: 'test', level: 'silent' }),
  );
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

test('an order that is booked, and neither sent nor cancelled, is not finished', async () => {
  const [booked, cancelled, dispatching, dispatched, unknown] = Array.from({ length: 5 }, () => randomUUID());
  await database.rows(
    `INSERT INTO shipment (order_id, status, day, slot_id, zone, name, street, city, postal_code, tracking_number)
     SELECT id::uuid, status, '2030-12-24', 1, 'north', 'A', 'B', 'C', 'D', CASE WHEN status = 'dispatched' THEN 'T' END
     FROM unnest($1::text[], $2::text[]) AS s (id, status)`,
    [
      [booked, cancelled, dispatching, dispatched],
      ['booked', 'cancelled', 'dispatching', 'dispatched'],
    ],
  );
  const asked = [booked!, cancelled!, dispatching!, dispatched!, unknown!];
  const { rows } = await pool.query<{ order_id: string }>(finishedOrders(asked));
  expect(rows.map(({ order_id }) => order_id).sort()).toEqual([cancelled, dispatched, unknown].sort());
});

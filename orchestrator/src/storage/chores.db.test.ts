import { messagingMigrations } from '@ballast/messaging';
import { createLogger, firstIdAt, Housekeeping, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { orchestratorChores } from './chores.js';
import { orchestratorMigrations } from './statements.js';

const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

const dayMs = 86_400_000;
const housekeeping = new Housekeeping(
  pool,
  orchestratorChores({ ORDER_STATE_RETENTION_MS: 7 * dayMs, PURGE_INTERVAL_MS: 1_000 }),
  createLogger({ name: 'test', level: 'silent' }),
);
const idOfAge = (days: number) => firstIdAt(Date.now() - days * dayMs).slice(0, 24) + randomUUID().slice(24);

/** A saga of this age; ended so many days ago, or running, parked perhaps. */
async function aSaga(ageDays: number, endedDays: number | null): Promise<string> {
  const id = idOfAge(ageDays);
  await database.rows(
    "INSERT INTO saga (order_id, started_at, version, definition, input) VALUES ($1, now(), 1, 'any', '{}')",
    [id],
  );
  await database.rows(
    `INSERT INTO saga_progress (order_id, lane, running, ended_at, state)
     VALUES ($1, 0, $2::int IS NULL, now() - make_interval(days => $2::int), '{}')`,
    [id, endedDays],
  );
  return id;
}

test('ended sagas go when they are old; one that has not ended, or has a message waiting, never does', async () => {
  const gone = await Promise.all([aSaga(8, 8), aSaga(30, 9)]);
  const [parked, late, young] = [await aSaga(30, null), await aSaga(30, 1), await aSaga(6, 6)];
  const [withHeld, withDead] = [await aSaga(30, 29), await aSaga(30, 29)];
  await database.rows("INSERT INTO held (lane, order_id, reason, message) VALUES (0, $1, 'locked', '{}')", [
    withHeld,
  ]);
  await database.rows(
    "INSERT INTO dead_letter (lane, topic, order_id, error, blocks, place) VALUES (0, 't', $1, 'e', true, -1)",
    [withDead],
  );
  await housekeeping.tidy();
  const left = async (table: string) =>
    (await database.rows<{ order_id: string }>(`SELECT order_id FROM ${table}`)).map(
      ({ order_id }) => order_id,
    );
  const kept = [parked, late, young, withHeld, withDead].sort();
  expect((await left('saga')).sort()).toEqual(kept);
  expect((await left('saga_progress')).sort()).toEqual(kept);
  expect(kept).not.toContain(gone[0]);
});

test('thousands of old sagas are purged in bounded batches, and all in one round', async () => {
  await database.rows(
    `WITH old AS (
         INSERT INTO saga (order_id, started_at, version, definition, input)
         SELECT (substring($1, 1, 24) || lpad(to_hex(n), 12, '0'))::uuid, now(), 1, 'any', '{}'
         FROM generate_series(1, 5000) AS n RETURNING order_id)
     INSERT INTO saga_progress (order_id, lane, running, ended_at, state)
     SELECT order_id, 0, false, now() - interval '8 days', '{}' FROM old`,
    [idOfAge(9)],
  );
  let pieces = 0;
  const counting = { query: (query: never) => (pieces++, pool.query(query)) };
  const [forgetSagas] = orchestratorChores({ ORDER_STATE_RETENTION_MS: 7 * dayMs, PURGE_INTERVAL_MS: 1_000 });
  while (await forgetSagas!.run(counting as never));
  expect(pieces).toBe(3);
  expect(
    await database.rows(
      "SELECT FROM saga_progress WHERE NOT running AND ended_at < now() - interval '7 days' LIMIT 9",
    ),
  ).toHaveLength(2); // those of the test before, for which a message waits
});

test('a cancel that came before its saga is forgotten when its start would be refused', async () => {
  const [old, young] = [idOfAge(9), idOfAge(9)];
  await database.rows(
    "INSERT INTO early_cancel VALUES ($1, 0, now() - interval '8 days'), ($2, 0, now() - interval '6 days')",
    [old, young],
  );
  await housekeeping.tidy();
  expect(await database.rows('SELECT order_id FROM early_cancel')).toEqual([{ order_id: young }]);
});

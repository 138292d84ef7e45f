import { createLogger, firstIdAt, Housekeeping, openPool } from '@ballast/platform';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { participantMigrations } from '../participant/tables.js';
import { ownDatabase } from '../storage/own-database.fixture.js';
import { messagingMigrations } from '../storage/statements.js';
import { branchChores } from './chores.js';

const database = await ownDatabase([messagingMigrations, participantMigrations]);
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

const dayMs = 86_400_000;
const housekeeping = new Housekeeping(
  pool,
  branchChores({
    ORDER_STATE_RETENTION_MS: 7 * dayMs,
    INBOX_HORIZON_MS: 3 * dayMs,
    DEAD_LETTER_RETENTION_MS: dayMs,
    PURGE_INTERVAL_MS: 1_000,
  }),
  createLogger({ name: 'test', level: 'silent' }),
);

async function aBranch(ageDays: number, { state = 'committed', alarm = null as string | null } = {}) {
  const id = firstIdAt(Date.now() - ageDays * dayMs).slice(0, 24) + randomUUID().slice(24);
  const open = state !== 'committed' && state !== 'rolled-back';
  await database.rows(
    `INSERT INTO branch (order_id, lane, state, detail, cause, open, alarm, changed_at)
     VALUES ($1, 0, $2, '{}', '{}', $3, $4, now() - make_interval(days => $5))`,
    [id, state, open, alarm, ageDays],
  );
  await database.rows("INSERT INTO branch_marker (order_id, outcome) VALUES ($1, 'committed')", [id]);
  await database.rows(
    "INSERT INTO branch_decision (order_id, outcome, operator, reason) VALUES ($1, 'commit', 'kim', 'why')",
    [id],
  );
  return id;
}

const rowsOf = async (id: string) =>
  (
    await database.rows(
      `SELECT FROM branch WHERE order_id = $1 UNION ALL SELECT FROM branch_marker WHERE order_id = $1
       UNION ALL SELECT FROM branch_decision WHERE order_id = $1`,
      [id],
    )
  ).length;

test('branches that ended long ago go, with their markers and decisions; younger ones stay', async () => {
  const [old, rolledBack, young] = [
    await aBranch(8),
    await aBranch(9, { state: 'rolled-back' }),
    await aBranch(6),
  ];
  await housekeeping.tidy();
  expect([await rowsOf(old), await rowsOf(rolledBack), await rowsOf(young)]).toEqual([0, 0, 3]);
});

test('what is in doubt stays, however old, and so does what somebody has to look at', async () => {
  const kept = [
    await aBranch(400, { state: 'prepared' }),
    await aBranch(400, { alarm: 'DECISION_CONTRADICTED' }),
  ];
  await housekeeping.tidy();
  for (const id of kept) expect(await rowsOf(id)).toBe(3);
});

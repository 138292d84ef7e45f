import { createLogger, Housekeeping, openConnection, openPool, parseConfiguration } from '@ballast/platform';
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bucketMs, keepInboxBuckets } from './inbox-buckets.js';
import { ownDatabase } from './own-database.fixture.js';
import { retentionsFit, retentionSettings, transportChores } from './retention.js';
import { messagingMigrations } from './statements.js';

const database = await ownDatabase([messagingMigrations]);
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
const loop = await openConnection({
  url: database.url,
  applicationName: 'loop',
  transactionTimeoutMs: 30_000,
});
await loop.query({ text: 'SET lock_timeout = 100' });
afterAll(() => Promise.all([pool.end(), loop.end()]));

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const horizonMs = 3 * dayMs;
const noon = Date.UTC(2030, 5, 15, 12);

const remember = (sentAtMs: number, id: string = randomUUID()) =>
  database.rows('INSERT INTO inbox VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING message_id', [
    id,
    new Date(sentAtMs).toISOString(),
  ]);
const buckets = async () =>
  (
    await database.rows<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relname LIKE 'inbox\\_%' AND relkind = 'r' ORDER BY 1",
    )
  ).map(({ name }) => name);

describe('the inbox', () => {
  test('has a bucket for each day that messages are taken from, and some ahead; older ones are dropped', async () => {
    await keepInboxBuckets(loop, new Date(noon), horizonMs);
    const days = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => `inbox_203006${from + index}`);
    expect(await buckets()).toEqual([...days(12, 17), 'inbox_default']);
    await keepInboxBuckets(loop, new Date(noon + 2 * dayMs), horizonMs);
    expect(await buckets()).toEqual([...days(14, 19), 'inbox_default']);
  });

  test('forgets by the messages’ own time: nothing that a double may still come of', async () => {
    const nowMs = noon + 10 * dayMs;
    const [oldest, older] = [randomUUID(), randomUUID()];
    const justTakenMs = nowMs - horizonMs + 1_000;
    await keepInboxBuckets(loop, new Date(nowMs - dayMs), horizonMs);
    await remember(justTakenMs, oldest);
    await remember(justTakenMs - 2 * dayMs, older);
    await keepInboxBuckets(loop, new Date(nowMs), horizonMs);
    expect(await remember(justTakenMs, oldest)).toEqual([]);
    expect(await database.rows('SELECT FROM inbox WHERE message_id = $1', [older])).toEqual([]);
  });

  test('forgets what fell into the default bucket as well', async () => {
    const nowMs = noon + 20 * dayMs;
    const [old, young] = [randomUUID(), randomUUID()];
    await remember(nowMs - horizonMs - dayMs, old);
    await remember(nowMs - dayMs, young);
    await keepInboxBuckets(loop, new Date(nowMs), horizonMs);
    expect(await database.rows('SELECT message_id FROM inbox_default')).toEqual([{ message_id: young }]);
  });

  test('has narrower buckets for a shorter horizon, also beside those of a longer one', async () => {
    expect([bucketMs(3 * dayMs), bucketMs(dayMs), bucketMs(10 * minuteMs)]).toEqual([
      dayMs,
      hourMs,
      minuteMs,
    ]);
    const nowMs = noon + 40 * dayMs;
    await keepInboxBuckets(loop, new Date(nowMs), horizonMs);
    await keepInboxBuckets(loop, new Date(nowMs + dayMs * 3), 10 * minuteMs);
    const names = await buckets();
    expect(names.filter(name => name.includes('t'))).toContain('inbox_20300728t120000');
    expect(names).not.toContain('inbox_20300725');
  });

  test('is not waited for when somebody is in the way: the bucket is dropped the next time', async () => {
    const nowMs = noon + 60 * dayMs;
    await keepInboxBuckets(loop, new Date(nowMs), horizonMs);
    const pass = await openConnection({
      url: database.url,
      applicationName: 'pass',
      transactionTimeoutMs: 30_000,
    });
    await pass.query({ text: 'BEGIN' });
    await pass.query({ text: 'SELECT FROM inbox LIMIT 1' });
    const bucket = (await buckets())[0]!;
    await keepInboxBuckets(loop, new Date(nowMs + 2 * dayMs), horizonMs);
    expect(await buckets()).toContain(bucket);
    await pass.query({ text: 'COMMIT' });
    await pass.end();
    await keepInboxBuckets(loop, new Date(nowMs + 2 * dayMs), horizonMs);
    expect(await buckets()).not.toContain(bucket);
  });
});

test('settled dead letters go with what operators did, when they are old; open ones never do', async () => {
  const letter = async (status: string, settledDays: number | null) => {
    const [row] = await database.rows<{ id: number }>(
      `INSERT INTO dead_letter (lane, topic, error, blocks, status, settled_at, dead_at, place)
       VALUES (0, 't', 'e', true, $1, now() - make_interval(days => $2::int), now() - interval '900 days', -1) RETURNING id::int`,
      [status, settledDays],
    );
    await database.rows(
      `INSERT INTO dead_letter_action (dead_letter_id, lane, action, operator, reason, forced)
       VALUES ($1, 0, 'replay', 'kim', 'why', false)`,
      [row!.id],
    );
    return row!.id;
  };
  await letter('replayed', 31);
  await letter('discarded', 31);
  const kept = [await letter('open', null), await letter('discarded', 29)];
  const chores = transportChores({
    INBOX_HORIZON_MS: horizonMs,
    ORDER_STATE_RETENTION_MS: horizonMs,
    DEAD_LETTER_RETENTION_MS: 30 * dayMs,
    PURGE_INTERVAL_MS: 1_000,
  });
  await new Housekeeping(pool, chores, createLogger({ name: 'test', level: 'silent' })).tidy();
  const left = await database.rows<{ id: number }>('SELECT id::int FROM dead_letter ORDER BY id');
  const audit = await database.rows<{ id: number }>(
    'SELECT dead_letter_id::int AS id FROM dead_letter_action ORDER BY dead_letter_id',
  );
  expect(left.map(({ id }) => id)).toEqual(kept);
  expect(audit.map(({ id }) => id)).toEqual(kept);
});

test('what is deduplicated by is not kept for a shorter time than doubles are taken', () => {
  const schema = z.object(retentionSettings).superRefine(retentionsFit);
  expect(parseConfiguration(schema, {})).toMatchObject({ INBOX_HORIZON_MS: horizonMs });
  expect(() =>
    parseConfiguration(schema, { ORDER_STATE_RETENTION_MS: '60000', INBOX_HORIZON_MS: '61000' }),
  ).toThrow('ORDER_STATE_RETENTION_MS: expected at least INBOX_HORIZON_MS (61000)');
});

import { type Queries, sqlStateOf } from '@ballast/platform';
import { statements } from './statements.js';

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const widthsMs = [day, hour, 10 * minute, minute, 10 * second, second];

/** A pass that is under way when a bucket goes may have begun a moment ago, by the database's clock. */
const marginMs = 10_000;
const bucketsAhead = 2;
const defaultRowsMax = 10_000;

/** How wide the buckets of a horizon are: a third of it at most, so that little more than it is kept. */
export const bucketMs = (horizonMs: number): number =>
  widthsMs.find(widthMs => widthMs * 3 <= horizonMs) ?? second;

/**
 * Keeps the inbox's buckets, each for a stretch of the messages' own time: makes them from `horizonMs` ago to two ahead, and
 * drops those in which every message is older than the horizon, and so refused. A stretch without a bucket (the process
 * slept through its making) falls into the default one, and nothing is lost.
 * @param now the database's
 * @returns whether the default one holds more that can go
 */
export async function keepInboxBuckets(db: Queries, now: Date, horizonMs: number): Promise<boolean> {
  const widthMs = bucketMs(horizonMs);
  const { rows } = await db.query<{ name: string; until: Date }>(statements.statement('list-inbox-buckets'));
  const known = new Set(rows.map(({ name }) => name));
  const first = Math.floor((now.getTime() - horizonMs) / widthMs);
  const last = Math.floor(now.getTime() / widthMs) + bucketsAhead;
  for (let number = first; number <= last; number++) {
    const [from, to] = [number * widthMs, (number + 1) * widthMs].map(ms => new Date(ms).toISOString());
    const name = nameOf(from!, widthMs);
    if (!known.has(name)) await makeBucket(db, name, from!, to!);
  }
  const keptFrom = new Date(now.getTime() - horizonMs - marginMs);
  for (const { name, until } of rows) if (until <= keptFrom) await dropBucket(db, name);
  const forgotten = await db.query(statements.statement('forget-inbox-default', [keptFrom, defaultRowsMax]));
  return forgotten.rowCount === defaultRowsMax;
}

/** `inbox_20301224`, and `inbox_20301224t183000` where there are several in a day. */
const nameOf = (from: string, widthMs: number): string =>
  `inbox_${from
    .slice(0, widthMs === day ? 10 : 19)
    .replace(/[-:]/g, '')
    .toLowerCase()}`;

async function makeBucket(db: Queries, name: string, from: string, to: string): Promise<void> {
  try {
    await db.query({
      text: `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF inbox FOR VALUES FROM ('${from}') TO ('${to}')`,
    });
  } catch (error) {
    if (!harmless.has(sqlStateOf(error) ?? '')) throw error;
  }
}

/** Takes a lock that stops every pass of the service, and gives it up when it has to wait for longer than they do. */
async function dropBucket(db: Queries, name: string): Promise<void> {
  try {
    await db.query({ text: `DROP TABLE IF EXISTS ${name}` });
  } catch (error) {
    if (!harmless.has(sqlStateOf(error) ?? '')) throw error;
  }
}

const harmless = new Set([
  '23514', // the default bucket holds rows of that stretch already
  '42P07', // another replica was faster
  '23505',
  '42P17', // a bucket of another width covers it
  '42P01', // another replica has dropped it meanwhile
  '55P03', // somebody is in the way: the next time, then
]);

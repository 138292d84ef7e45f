import type { Queries } from '@ballast/platform';

const dayMs = 86_400_000;

/**
 * Makes the inbox's buckets, one per day of the messages' own time, from `horizonMs` ago to two days ahead.
 * A day without a bucket (the process slept through its making) falls into the default one, and nothing is lost.
 */
export async function makeInboxBuckets(db: Queries, now: Date, horizonMs: number): Promise<void> {
  const first = Math.floor((now.getTime() - horizonMs) / dayMs);
  const last = Math.floor(now.getTime() / dayMs) + 2;
  for (let day = first; day <= last; day++) {
    const from = new Date(day * dayMs).toISOString().slice(0, 10);
    const to = new Date((day + 1) * dayMs).toISOString().slice(0, 10);
    await makeBucket(db, `inbox_${from.replaceAll('-', '')}`, from, to);
  }
}

async function makeBucket(db: Queries, name: string, from: string, to: string): Promise<void> {
  try {
    await db.query({
      text: `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF inbox FOR VALUES FROM ('${from} 00:00+00') TO ('${to} 00:00+00')`,
    });
  } catch (error) {
    const { code } = error as { code?: string };
    // 23514: the default bucket holds rows of that day already. 42P07 and 23505: another replica was faster.
    if (code !== '23514' && code !== '42P07' && code !== '23505') throw error;
  }
}

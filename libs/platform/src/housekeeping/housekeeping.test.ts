import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Query } from '../queries.js';
import { alongIds, firstIdAt } from './along-ids.js';
import { type Chore, Housekeeping, rowsAtATime } from './housekeeping.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nowhere = { query: () => Promise.reject(new Error('nobody asks')) };
const quiet = { warn: () => undefined } as never;

/** Notes when it runs, and has `pieces` to do. */
function aChore(name: string, everyMs: number, pieces: () => boolean, takesMs = 0): Chore & { at: number[] } {
  const at: number[] = [];
  return {
    name,
    everyMs,
    at,
    async run() {
      at.push(Date.now());
      if (takesMs > 0) await new Promise(resolve => setTimeout(resolve, takesMs));
      return pieces();
    },
  };
}

test('each chore runs at its own pace until the housekeeping is stopped', async () => {
  vi.setSystemTime(0);
  const [often, seldom] = [aChore('often', 1_000, () => false), aChore('seldom', 3_500, () => false)];
  const housekeeping = new Housekeeping(nowhere, [often, seldom], quiet);
  housekeeping.start();
  await vi.advanceTimersByTimeAsync(7_500);
  expect(often.at).toHaveLength(7);
  expect(seldom.at).toHaveLength(2);
  await housekeeping.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(often.at).toHaveLength(7);
});

test('a chore with more to do goes on soon, leaves as long to others as it took, and starves no other chore', async () => {
  vi.setSystemTime(0);
  const busy = aChore('busy', 1_000, () => true, 20);
  const other = aChore('other', 1_000, () => false);
  const housekeeping = new Housekeeping(nowhere, [busy, other], quiet);
  housekeeping.start();
  await vi.advanceTimersByTimeAsync(5_000);
  const stopped = housekeeping.stop();
  await vi.advanceTimersByTimeAsync(100);
  await stopped;
  expect(busy.at.length).toBeGreaterThan(60);
  for (const [index, at] of busy.at.entries())
    if (index > 0) expect(at - busy.at[index - 1]!).toBeGreaterThan(39);
  expect(other.at.length).toBeGreaterThan(3);
});

test('it goes on by itself, through a database that fails, until it is stopped', async () => {
  let asked = 0;
  const failing = { query: async () => Promise.reject(new Error(`the database is away (${++asked})`)) };
  const told: string[] = [];
  const warn = (about: { err: Error }) => void told.push(about.err.message);
  const statement = (): Query => ({ text: 'DELETE' });
  const chores = [rowsAtATime('forget', { everyMs: 2_000, rowsMax: 10, statement })];
  const housekeeping = new Housekeeping(failing, chores, { warn } as never);
  housekeeping.start();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(told).toEqual([1, 2, 3].map(n => `the database is away (${n})`));
  await housekeeping.stop();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(told).toHaveLength(3);
});

test('a statement that took as many rows as it may is run again at once', async () => {
  const rows = [10, 10, 3];
  const asked: unknown[] = [];
  const database = {
    query: async (query: Query) => {
      asked.push(query.values?.[0]);
      return { rows: [], rowCount: rows.shift()! };
    },
  };
  const statement = (rowsMax: number): Query => ({ text: 'DELETE', values: [rowsMax] });
  const chores = [rowsAtATime('forget', { everyMs: 1_000, rowsMax: 10, statement })];
  await new Housekeeping(database as never, chores, quiet).tidy();
  expect(asked).toEqual([10, 10, 10]);
});

describe('a walk along ids', () => {
  const dayMs = 86_400_000;
  /** A table of ids; a piece looks at those of its stretch. */
  const aWalk = (ids: string[], then: 'from the beginning' | 'from there') => {
    const looked: string[] = [];
    const walk = alongIds('forget', {
      everyMs: 1_000,
      retentionMs: dayMs,
      idsMax: 2,
      then,
      async piece(_database, { after, before, idsMax }) {
        const stretch = ids.filter(id => id > after && id < before).slice(0, idsMax);
        looked.push(...stretch);
        return { last: stretch.at(-1) ?? null, looked: stretch.length };
      },
    });
    return { looked, tidy: () => new Housekeeping(nowhere, [walk], quiet).tidy() };
  };
  const idsOfAges = (...agesMs: number[]) =>
    agesMs.map(ageMs => firstIdAt(Date.now() - ageMs).replace(/0$/, '1'));

  test('looks at all that is old enough, a stretch at a time, and at nothing younger', async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 1));
    const ids = idsOfAges(5 * dayMs, 4 * dayMs, 3 * dayMs, dayMs + 1, dayMs - 1, 0);
    const { looked, tidy } = aWalk(ids, 'from the beginning');
    await tidy();
    expect(looked).toEqual(ids.slice(0, 4));
    await tidy();
    expect(looked).toEqual([...ids.slice(0, 4), ...ids.slice(0, 4)]);
  });

  test('goes on from where it was when what it has looked at stays', async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 1));
    const ids = idsOfAges(5 * dayMs, 4 * dayMs, 3 * dayMs, 0);
    const { looked, tidy } = aWalk(ids, 'from there');
    await tidy();
    await tidy();
    vi.setSystemTime(Date.UTC(2030, 0, 3));
    await tidy();
    expect(looked).toEqual(ids);
  });
});

import { type Connection, openConnection, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Capacities } from './capacities.js';
import { shippingMigrations, statements } from './statements.js';

// Of its own: how many slots are free, of how many, says which plans are tempting.
const database = await databaseForTest({ sets: [shippingMigrations] });
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());
let connection: Connection;
afterAll(() => connection.end());

const [day, soldOut] = ['2030-12-24', '2030-12-26'];
const served = ['zone-b', 'zone-d'];

beforeAll(async () => {
  const capacities = new Capacities(pool);
  for (const zone of served) {
    for (const each of [day, '2030-12-25']) await capacities.addSlots(zone, each, 10_000, null);
    await capacities.addSlots(zone, soldOut, 20, null);
  }
  connection = await openConnection({
    url: database.url,
    applicationName: 'test',
    transactionTimeoutMs: 10_000,
  });
  await connection.query({
    text: 'UPDATE slot SET order_id = gen_random_uuid() WHERE day = $1',
    values: [soldOut],
  });
  // As autovacuum does: what was taken is gone from the index, and the planner knows what is in the table.
  await connection.query({ text: 'VACUUM ANALYZE slot' });
});

const searches = {
  'lock-free-slots': { types: 'text[], date[], bigint[], int[]', values: 'ARRAY[0], ARRAY[3]' },
  'explain-shortage': { types: 'text[], date[], int[]', values: 'ARRAY[0]' },
} as const;
type Search = keyof typeof searches;

describe.each(Object.keys(searches) as Search[])('%s', name => {
  describe.each(['force_custom_plan', 'force_generic_plan'])('with %s', mode => {
    test.each([
      ['a zone that nobody serves, before all others', 'zone-a', day],
      ['a zone that nobody serves, between others', 'zone-c', day],
      ['a zone that nobody serves, behind all others', 'zone-e', day],
      ['a day without slots, before all others', 'zone-d', '2030-01-01'],
      ['a day without slots, behind all others', 'zone-b', '2031-01-01'],
      ['a day that is sold out', 'zone-b', soldOut],
      ['a day with free slots', 'zone-d', day],
    ])('reads a few pages for %s, however many slots others have', async (_, zone, of) => {
      const { pages, slotsThrownAway, text } = await costOf(name, mode, zone, of);
      expect(pages, text).toBeLessThan(40);
      expect(slotsThrownAway, text).toBe(0);
    });
  });
});

/** Pages that were looked at, and slots that were read and were none of the zone's day. */
async function costOf(name: Search, mode: string, zone: string, of: string) {
  const { types, values } = searches[name];
  await connection.query({ text: `SET plan_cache_mode = ${mode}` });
  await connection.query({ text: `PREPARE searched (${types}) AS ${statements.statement(name).text}` });
  const { rows } = await connection.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>({
    text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
           EXECUTE searched (ARRAY['${zone}'], ARRAY['${of}']::date[], ${values})`,
  });
  await connection.query({ text: 'DEALLOCATE searched' });
  const { Plan: plan } = rows[0]!['QUERY PLAN'][0];
  const ofSlots = nodesOf(plan).filter(node => node['Relation Name'] === 'slot');
  return {
    pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    slotsThrownAway: ofSlots.reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0), 0),
    text: JSON.stringify(plan, null, 1),
  };
}

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}
const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

import { type Connection, openConnection, openPool } from '@ballast/platform';
import { databaseForTest, planModes, queryCost } from '@ballast/testkit';
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
  'lock-free-slots': 'ARRAY[0], ARRAY[3]',
  'explain-shortage': 'ARRAY[0]',
} as const;
type Search = keyof typeof searches;

describe.each(Object.keys(searches) as Search[])('%s', name => {
  describe.each(planModes)('with %s', mode => {
    test.each([
      ['a zone that nobody serves, before all others', 'zone-a', day],
      ['a zone that nobody serves, between others', 'zone-c', day],
      ['a zone that nobody serves, behind all others', 'zone-e', day],
      ['a day without slots, before all others', 'zone-d', '2030-01-01'],
      ['a day without slots, behind all others', 'zone-b', '2031-01-01'],
      ['a day that is sold out', 'zone-b', soldOut],
      ['a day with free slots', 'zone-d', day],
    ])('reads a few pages for %s, however many slots others have', async (_, zone, of) => {
      const { pages, rowsThrownAway, plan } = await queryCost(connection, {
        text: statements.statement(name).text,
        values: `ARRAY['${zone}'], ARRAY['${of}']::date[], ${searches[name]}`,
        table: 'slot',
        mode,
      });
      expect(pages, plan).toBeLessThan(40);
      expect(rowsThrownAway, plan).toBe(0);
    });
  });
});

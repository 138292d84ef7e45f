import { type Connection, openConnection } from '@ballast/platform';
import { databaseForTest, planModes, queryCost } from '@ballast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orderMigrations, statements } from './statements.js';

// Of its own: how many customers there are, of how many orders, says which plans are tempting.
const database = await databaseForTest({ sets: [orderMigrations] });
let connection: Connection;
afterAll(() => connection.end());

beforeAll(async () => {
  connection = await openConnection({
    url: database.url,
    applicationName: 'test',
    transactionTimeoutMs: 10_000,
  });
  // The oldest of all is alice's, and aaron and carol have none; that there are so few customers makes each row look
  // likely to be theirs.
  for (const [customer, count] of [
    ['alice', 1],
    ['bob', 20_000],
  ] as const) {
    await connection.query({
      text: `INSERT INTO orders (id, customer_id, protocol, amount_cents, details)
             SELECT uuidv7(), $1, 'orchestrated', 100, '{}' FROM generate_series(1, $2::int)`,
      values: [customer, count],
    });
  }
  await connection.query({ text: 'VACUUM ANALYZE orders' });
});

const newest = "'ffffffff-ffff-ffff-ffff-ffffffffffff'";
const queries = {
  'list-orders-of-customer': (customer: string) => `${newest}, 50, ARRAY['PENDING'], 500, '${customer}'`,
  'end-of-stretch-of-customer': (customer: string) => `${newest}, 500, '${customer}'`,
};
type Name = keyof typeof queries;

describe.each(Object.keys(queries) as Name[])('%s', name => {
  describe.each(planModes)('with %s', mode => {
    test.each(['aaron', 'alice', 'bob', 'carol'])(
      'reads a few pages for %s, however many orders others have',
      async customer => {
        const { pages, rowsThrownAway, plan } = await queryCost(connection, {
          text: statements.statement(name).text,
          values: queries[name](customer),
          table: 'orders',
          mode,
        });
        expect(pages, plan).toBeLessThan(60);
        expect(rowsThrownAway, plan).toBe(0);
      },
    );
  });
});

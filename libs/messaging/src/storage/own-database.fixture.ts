import { createLogger, migrate, type MigrationSet } from '@ballast/platform';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll } from 'vitest';

/** A migrated database of this test file's own, dropped after its last test. The testkit is built on this room. */
export async function ownDatabase(sets: readonly MigrationSet[]) {
  const server = process.env['TEST_POSTGRES_URL'];
  if (server === undefined) throw new Error('TEST_POSTGRES_URL is not set: run the tests with npm test');
  const name = `messaging_${randomUUID().replaceAll('-', '')}`;
  await rowsOf(server, `CREATE DATABASE ${name}`);
  afterAll(() => rowsOf(server, `DROP DATABASE ${name} WITH (FORCE)`));
  const own = new URL(server);
  own.pathname = `/${name}`;
  await migrate({ url: own.href, sets, logger: createLogger({ name: 'test', level: 'warn' }) });
  return {
    url: own.href,
    rows: <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      rowsOf<Row>(own.href, text, values),
  };
}

async function rowsOf<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

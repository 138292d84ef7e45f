import { createLogger, migrate, type MigrationSet } from '@ballast/platform';
import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll } from 'vitest';
import { testPostgresUrl } from './servers.js';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Looks into the database, over a connection of its own that is closed again. */
  rows<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/**
 * A database of this test file's own, migrated, and dropped after its last test. Connections that are still open then
 * fail the file. To be called at the top level of the file, before its own `afterAll`: they run in reverse order.
 *
 * The migrations run once in a test run, in a template that each file's database is cloned from.
 */
export async function databaseForTest({ sets }: { sets: readonly MigrationSet[] }): Promise<TestDatabase> {
  const template = await migratedTemplate(sets);
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administrate(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  afterAll(async () => {
    const leaked = await openConnections(name);
    await administrate(`DROP DATABASE ${name} WITH (FORCE)`);
    if (leaked.length > 0) {
      throw new Error(`database connections are still open after the last test:\n${leaked.join('\n')}`);
    }
  });
  const url = urlOf(name);
  return { url, name, rows: (text, values = []) => look(url, text, values) };
}

async function migratedTemplate(sets: readonly MigrationSet[]): Promise<string> {
  const name = `template_${fingerprint(sets)}`;
  await withClient(testPostgresUrl(), async client => {
    // Test files run side by side: the first makes the template, the others wait for it.
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 1) return;
    const unfinished = `${name}_unfinished`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished}`);
    await client.query(`CREATE DATABASE ${unfinished}`);
    await migrate({ url: urlOf(unfinished), sets, logger: createLogger({ name: 'testkit', level: 'warn' }) });
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
  });
  return name;
}

function fingerprint(sets: readonly MigrationSet[]): string {
  const hash = createHash('sha256');
  for (const { table, directory } of sets) {
    hash.update(`${table}\0`);
    for (const file of readdirSync(directory).sort())
      hash.update(file).update(readFileSync(new URL(file, directory)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** What is still connected, a line each. Clients that have just been closed are given a moment to go. */
export async function openConnections(database: string, { graceMs = 20_000 } = {}): Promise<string[]> {
  for (const start = performance.now(); ; await sleep(20)) {
    const rows = await look<{ line: string }>(
      testPostgresUrl(),
      `SELECT format('pid %s, application %s, %s: %s', pid, application_name, state, left(query, 200)) AS line
         FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
      [database],
    );
    if (rows.length === 0 || performance.now() - start > graceMs) return rows.map(({ line }) => line);
  }
}

function urlOf(database: string): string {
  const url = new URL(testPostgresUrl());
  url.pathname = `/${database}`;
  return url.href;
}

const administrate = (text: string) => look(testPostgresUrl(), text, []);

function look<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return withClient(url, async client => (await client.query<Row>(text, [...values])).rows);
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'testkit' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

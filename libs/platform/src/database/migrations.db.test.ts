import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../logging/logger.js';
import { folder } from '../testing/folder.js';
import { createDatabase } from '../testing/own-database.js';
import { migrate } from './migrations.js';
import { openConnection, openPool, type Pool } from './pool.js';
import { loadQueries } from './statements.js';

const logger = createLogger({ name: 'test', level: 'silent' });
let url: string;
let db: Pool;
let drop: () => Promise<void>;

beforeAll(async () => {
  ({ url, drop } = await createDatabase());
  db = openPool({ url, applicationName: 'test', max: 2, logger });
});
afterAll(async () => {
  await db.end();
  await drop();
});

describe('queries', () => {
  test('are prepared statements, under names of their own for each text', async () => {
    const [here, there] = [
      folder({ 'answer.sql': 'SELECT $1::int AS answer;' }),
      folder({ 'answer.sql': 'SELECT 43 AS answer' }),
    ];
    const session = await openConnection({
      url,
      applicationName: 'test',
      transactionTimeoutMs: 2_000,
      logger,
    });
    const rows = await Promise.all([
      session.query(loadQueries(here, ['answer']).statement('answer', [42])),
      session.query(loadQueries(there).statement('answer')),
    ]);
    expect(rows.map(result => result.rows)).toEqual([[{ answer: 42 }], [{ answer: 43 }]]);
    const prepared = await session.query({ text: 'SELECT count(*) AS count FROM pg_prepared_statements' });
    await session.end();
    expect(prepared.rows).toEqual([{ count: 2 }]);
  });

  test('that are missing stop the process at boot', () => {
    expect(() => loadQueries(folder({}), ['load-stock', 'save-stock'])).toThrow(
      'no load-stock.sql, save-stock.sql in',
    );
    expect(() => loadQueries(folder({})).statement('load-stock')).toThrow('no load-stock.sql in');
    expect(() => loadQueries(new URL('nowhere/', folder({})))).toThrow('ENOENT');
  });
});

describe('migrations', () => {
  test('run once, however many replicas start together, in folders with any name', async () => {
    const first = folder(
      { '001.do.tables.sql': 'CREATE TABLE a (id int); INSERT INTO a VALUES (1);' },
      'it [is] {a} (place)!',
    );
    const second = folder({ '001.do.tables.sql': 'CREATE TABLE b AS SELECT * FROM a;' });
    const sets = [
      { table: 'migrations_first', directory: first },
      { table: 'migrations_second', directory: second },
    ];
    await Promise.all(Array.from({ length: 4 }, () => migrate({ url, sets, logger })));
    writeFileSync(new URL('002.do.more.sql', first), 'INSERT INTO a VALUES (2);');
    await migrate({ url, sets, logger });
    await migrate({ url, sets, logger });
    const { rows } = await db.query({
      text: 'SELECT (SELECT array_agg(id) FROM a) AS a, (SELECT array_agg(id) FROM b) AS b',
    });
    expect(rows).toEqual([{ a: [1, 2], b: [1] }]);
  });

  test('wait for a database that begins after the process, and not for ever', async () => {
    const sets = [
      { table: 'migrations_late', directory: folder({ '001.do.one.sql': 'CREATE TABLE g (id int);' }) },
    ];
    const door = createServer(client => {
      const { hostname: host, port } = new URL(url);
      const server = connect({ host, port: Number(port) });
      client.pipe(server).pipe(client);
    });
    await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
    const { port } = door.address() as AddressInfo;
    await new Promise(resolve => door.close(resolve));
    const late = Object.assign(new URL(url), { port: String(port), hostname: '127.0.0.1' }).href;
    await expect(migrate({ url: late, sets, logger, patienceMs: 0 })).rejects.toThrow('ECONNREFUSED');
    const migrated = migrate({ url: late, sets, logger });
    await sleep(100);
    door.listen(port, '127.0.0.1');
    await migrated;
    expect((await db.query({ text: 'SELECT FROM g' })).rows).toEqual([]);
    door.close();
  });

  test('let others go first who hold a table, and whoever waits behind them', async () => {
    const directory = folder({ '001.do.one.sql': 'CREATE TABLE h (id int);' });
    const sets = [{ table: 'migrations_locked', directory }];
    await migrate({ url, sets, logger });
    writeFileSync(new URL('002.do.two.sql', directory), 'ALTER TABLE h ADD x int;');
    const holder = await openConnection({
      url,
      applicationName: 'test',
      transactionTimeoutMs: 20_000,
      logger,
    });
    await holder.query({ text: 'BEGIN' });
    await holder.query({ text: 'SELECT FROM h' });
    const migrated = migrate({ url, sets, logger });
    await sleep(200);
    const begun = performance.now();
    await db.query({ text: 'INSERT INTO h VALUES (1)' });
    // Else it would wait for as long as the holder does.
    expect(performance.now() - begun).toBeLessThan(10_000);
    await holder.query({ text: 'COMMIT' });
    await migrated;
    expect((await db.query({ text: 'SELECT x FROM h' })).rows).toEqual([{ x: null }]);
    await holder.end();
  });

  test('that fail leave nothing behind, and run when they are repaired', async () => {
    const directory = folder({
      '001.do.good.sql': 'CREATE TABLE c (id int);',
      '002.do.bad.sql': 'CREATE TABLE d (id nonsense);',
    });
    const sets = [{ table: 'migrations_third', directory }];
    await expect(migrate({ url, sets, logger })).rejects.toThrow('nonsense');
    expect((await db.query({ text: "SELECT to_regclass('c') AS c" })).rows).toEqual([{ c: null }]);
    writeFileSync(new URL('002.do.bad.sql', directory), 'CREATE TABLE d (id int);');
    await migrate({ url, sets, logger });
    expect((await db.query({ text: "SELECT to_regclass('d')::text AS d" })).rows).toEqual([{ d: 'd' }]);
  });

  test('that were changed after they ran are refused', async () => {
    const directory = folder({ '001.do.tables.sql': 'CREATE TABLE e (id int);' });
    const sets = [{ table: 'migrations_fourth', directory }];
    await migrate({ url, sets, logger });
    writeFileSync(new URL('001.do.tables.sql', directory), 'CREATE TABLE e (id bigint);');
    await expect(migrate({ url, sets, logger })).rejects.toThrow('MD5 checksum failed');
  });

  test('a database that is newer than the files is left as it is', async () => {
    const directory = folder({
      '001.do.one.sql': 'CREATE TABLE f (id int);',
      '002.do.two.sql': 'ALTER TABLE f ADD x int;',
    });
    const older = folder({
      '001.do.one.sql': 'CREATE TABLE f (id int);',
      '001.undo.one.sql': 'DROP TABLE f;',
    });
    await migrate({ url, sets: [{ table: 'migrations_fifth', directory }], logger });
    await migrate({ url, sets: [{ table: 'migrations_fifth', directory: older }], logger });
    expect((await db.query({ text: 'SELECT x FROM f' })).rows).toEqual([]);
  });

  test('an empty folder is a mistake', async () => {
    await expect(migrate({ url, sets: [{ table: 'none', directory: folder({}) }], logger })).rejects.toThrow(
      'no migrations in',
    );
  });
});

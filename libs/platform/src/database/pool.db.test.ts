import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../logging/logger.js';
import { createDatabase } from '../testing/own-database.js';
import { isPassingDatabaseError, sqlStateOf } from './errors.js';
import { openConnection, openPool, type ConnectionOptions } from './pool.js';
import { assertCommitted, transaction, TransactionRolledBack } from './transaction.js';

const lines: string[] = [];
const logger = createLogger({ name: 'test', destination: { write: line => void lines.push(line) } });

let url: string;
let drop: () => Promise<void>;
const closing: (() => Promise<unknown> | unknown)[] = [];

beforeAll(async () => ({ url, drop } = await createDatabase()));
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => drop());

function pool(max = 2) {
  const opened = openPool({ url, applicationName: 'test', max, logger });
  closing.push(() => opened.end());
  return opened;
}

async function connection(options: Partial<ConnectionOptions> = {}) {
  const opened = await openConnection({
    url,
    applicationName: 'test',
    transactionTimeoutMs: 2_000,
    logger,
    ...options,
  });
  closing.push(() => opened.end());
  return opened;
}

describe('values', () => {
  test('bigint is a number, numeric is text, date is YYYY-MM-DD', async () => {
    const { rows } = await pool().query({
      text: `SELECT 9007199254740991::bigint AS "int8", ARRAY[1, NULL]::bigint[] AS "int8s", 1.10::numeric AS "numeric",
                    '2026-03-01'::date AS "date", '2026-03-01T12:00:00Z'::timestamptz AS "time"`,
    });
    expect(rows).toEqual([
      {
        int8: Number.MAX_SAFE_INTEGER,
        int8s: [1, null],
        numeric: '1.10',
        date: '2026-03-01',
        time: new Date('2026-03-01T12:00:00Z'),
      },
    ]);
  });

  test('a bigint that a number cannot hold is an error, not another number; the connection stays usable', async () => {
    const db = await connection();
    await expect(db.query({ text: 'SELECT 9007199254740992::bigint' })).rejects.toThrow('not a safe integer');
    expect((await db.query({ text: 'SELECT 1 AS one' })).rows).toEqual([{ one: 1 }]);
  });
});

describe('a connection', () => {
  test('sends statements without awaiting their forerunners, and keeps their order', async () => {
    const db = await connection();
    const answers = Array.from({ length: 100 }, (_, i) =>
      db.query({ text: 'SELECT $1::int AS i', values: [i] }),
    );
    expect((await Promise.all(answers)).map(answer => answer.rows[0]?.['i'])).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  test('a COMMIT after a failed statement resolves, and says ROLLBACK', async () => {
    const db = await connection();
    const [, failed, , committed] = await Promise.allSettled([
      db.query({ text: 'BEGIN' }),
      db.query({ text: 'SELECT 1/0' }),
      db.query({ text: 'SELECT 1' }),
      db.query({ text: 'COMMIT' }),
    ]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
    expect(committed).toMatchObject({ status: 'fulfilled', value: { command: 'ROLLBACK' } });
    expect(() => assertCommitted((committed as PromiseFulfilledResult<never>).value)).toThrow(
      TransactionRolledBack,
    );
  });

  test('that is lost rejects what is pending and what comes, and is reported once', async () => {
    const reports: Error[] = [];
    const db = await connection({ onLost: error => void reports.push(error) });
    const [row] = (await db.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' })).rows;
    const pending = [db.query({ text: 'SELECT pg_sleep(30)' }), db.query({ text: 'SELECT 1' })];
    const settled = Promise.allSettled(pending);
    await pool().query({ text: 'SELECT pg_terminate_backend($1)', values: [row?.pid] });
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect.poll(() => db.lost).toBeInstanceOf(Error);
    await expect(db.query({ text: 'SELECT 1' })).rejects.toThrow();
    expect(reports).toHaveLength(1);
  });

  test('ends a transaction that is left open, before another process waits for its locks for long', async () => {
    const db = await connection({ transactionTimeoutMs: 300 });
    await db.query({ text: 'BEGIN' });
    await expect.poll(() => db.lost).toBeInstanceOf(Error);
  });

  test('ends a transaction that is busy for too long', async () => {
    const db = await connection({ transactionTimeoutMs: 300 });
    const error = await Promise.all([
      db.query({ text: 'BEGIN' }),
      db.query({ text: 'SELECT pg_sleep(10)' }),
      db.query({ text: 'COMMIT' }),
    ]).catch((reason: unknown) => reason);
    expect([sqlStateOf(error), isPassingDatabaseError(error)]).toEqual(['25P04', true]);
  });

  test('keeps the settings that the URL asks for beside its own', async () => {
    const asking = new URL(url);
    asking.searchParams.set('options', '-c search_path=elsewhere');
    const db = await connection({ url: asking.href, transactionTimeoutMs: 1_234 });
    const { rows } = await db.query({
      text: `SELECT name, setting FROM pg_settings
             WHERE name IN ('search_path', 'transaction_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`,
    });
    expect(rows.map(row => row['setting'])).toEqual(['1234', 'elsewhere', '1234']);
  });

  test('is refused in time by a server that accepts and says nothing', async () => {
    const silent = await proxy(() => undefined);
    const begun = performance.now();
    const error = await openConnection({
      url: silent.url,
      applicationName: 'test',
      transactionTimeoutMs: 2_000,
      logger,
    }).catch((reason: unknown) => reason);
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(isPassingDatabaseError(error)).toBe(true);
  });

  test('to a server that falls silent does not wait for ever', async () => {
    let relaying = true;
    const relay = await proxy((bytes, to) => relaying && to.write(bytes));
    const db = await connection({ url: relay.url, transactionTimeoutMs: 500 });
    await db.query({ text: 'SELECT 1' });
    relaying = false;
    const error = await db.query({ text: 'SELECT 1' }).catch((reason: unknown) => reason);
    expect(isPassingDatabaseError(error)).toBe(true);
    await expect.poll(() => db.lost).toBeInstanceOf(Error);
  });
});

describe('a pool', () => {
  test('survives the loss of an idle connection, reports it, and opens another one', async () => {
    lines.length = 0;
    const idle = openPool({ url, applicationName: 'idle', max: 1, logger });
    closing.push(() => idle.end());
    const [row] = (await idle.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' })).rows;
    await pool().query({ text: 'SELECT pg_terminate_backend($1)', values: [row?.pid] });
    await expect.poll(() => lines.join('')).toContain('connection was lost');
    expect((await idle.query({ text: 'SELECT 1 AS one' })).rows).toEqual([{ one: 1 }]);
  });

  test('survives the loss of a connection that is in use', async () => {
    const used = await pool(1).connect();
    const [row] = (await used.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' })).rows;
    await pool().query({ text: 'SELECT pg_terminate_backend($1)', values: [row?.pid] });
    const state = () =>
      used.query({ text: 'SELECT 1' }).then(
        () => 'alive',
        () => 'lost',
      );
    await expect.poll(state).toBe('lost');
    used.release(true);
  });
});

describe('a transaction', () => {
  test('is committed as a whole, or not at all', async () => {
    const db = pool();
    await db.query({ text: 'CREATE TABLE note (id int PRIMARY KEY)' });
    const kept = await transaction(db, async tx => {
      await tx.query({ text: 'INSERT INTO note VALUES (1)' });
      return 'kept';
    });
    const bug = transaction(db, async tx => {
      await tx.query({ text: 'INSERT INTO note VALUES (2)' });
      throw new Error('changed my mind');
    });
    await expect(bug).rejects.toThrow('changed my mind');
    expect(kept).toBe('kept');
    expect((await db.query({ text: 'SELECT id FROM note' })).rows).toEqual([{ id: 1 }]);
  });

  test('whose work hides the error of a statement is reported as rolled back', async () => {
    const hidden = transaction(pool(), async tx => {
      await tx.query({ text: 'SELECT 1/0' }).catch(() => undefined);
    });
    await expect(hidden).rejects.toThrow(TransactionRolledBack);
  });

  test('gives a connection that it lost back as broken', async () => {
    const db = pool(1);
    await expect(
      transaction(db, tx => tx.query({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' })),
    ).rejects.toThrow();
    expect((await db.query({ text: 'SELECT 1 AS one' })).rows).toEqual([{ one: 1 }]);
  });
});

/** Stands between us and the server; `relay` says what becomes of the server's bytes. */
async function proxy(
  relay: (bytes: Buffer, to: Socket) => unknown,
): Promise<{ url: string; server: Server }> {
  const target = new URL(url);
  const sockets: Socket[] = [];
  const server = createServer(client => {
    const upstream = connect(Number(target.port), target.hostname);
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('data', bytes => upstream.write(bytes));
    upstream.on('data', bytes => relay(bytes, client));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const own = new URL(url);
  own.port = String((server.address() as AddressInfo).port);
  return { url: own.href, server };
}

import { openPool, type Pool, type Query } from '@ballast/platform';
import { v7 as uuid } from 'uuid';
import { afterAll, expect, test } from 'vitest';
import { participantMigrations } from '../participant/tables.js';
import { ownDatabase } from '../storage/own-database.fixture.js';
import { messagingMigrations } from '../storage/statements.js';
import { commitPrepared, prepare, rollBackPrepared } from './prepared.js';
import type { Worked } from './work.js';

const database = await ownDatabase([messagingMigrations, participantMigrations]);
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
afterAll(() => pool.end());

/** The first word of each statement. */
const said: string[] = [];
const listened = {
  query: (asked: Query) => pool.query(asked),
  async connect() {
    const connection = await pool.connect();
    const query = (asked: Query) => {
      said.push(asked.text.split(' ')[0]!);
      return connection.query(asked);
    };
    return { query, release: (error?: Error) => connection.release(error) };
  },
} as Pool;

const preparing = (worked: Worked) => {
  said.length = 0;
  const orderId = uuid();
  const gid = `test:${orderId}`;
  const work = () => Promise.resolve(worked);
  const about = {
    gid,
    orderId,
    lockTimeoutMs: 1_000,
    isOurs: () => Promise.resolve(true),
    givenUp: () => false,
  };
  return { ...about, work };
};

test('nothing more is said to a session whose transaction is prepared', async () => {
  const branch = preparing({ kind: 'done', keys: [] });
  expect(await prepare(listened, branch)).toEqual({ kind: 'prepared', keys: [] });
  expect(said.at(-1)).toBe('PREPARE');
  await commitPrepared(pool, branch.gid, branch.orderId);
});

test('what was refused is rolled back before anybody else gets the session', async () => {
  const branch = preparing({ kind: 'refused', code: 'FULL', detail: undefined });
  expect(await prepare(listened, branch)).toMatchObject({ kind: 'refused' });
  expect(said.at(-1)).toBe('ROLLBACK');
});

test('a branch that is rolled back is blocked, and that is committed once', async () => {
  const { gid, orderId } = preparing({ kind: 'done', keys: [] });
  const ended = await rollBackPrepared(listened, { gid, orderId, lockTimeoutMs: 1_000 });
  expect(ended).toEqual({ found: false, marker: 'absent' });
  expect(said.at(-1)).toBe('COMMIT');
});

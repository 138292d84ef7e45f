import { type Pool, type PooledConnection, type Queries, sqlStateOf } from '@ballast/platform';
import type { Marker } from '@ballast/two-phase';
import { escapeLiteral } from 'pg';
import { reached } from '../moments.js';
import { FirstFailure } from '../storage/first-failure.js';
import { statements } from './tables.js';
import type { Worked } from './work.js';

/** What an attempt to prepare a branch came to. */
export type Attempt =
  | { readonly kind: 'prepared'; readonly keys: readonly string[] }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string | undefined }
  /** Somebody holds what it needs; nothing is prepared. */
  | { readonly kind: 'locked'; readonly on: string }
  /** Somebody is at this very branch: he may have prepared it. */
  | { readonly kind: 'contended' }
  /** A rollback came first, or the branch is not ours to prepare any more: nothing was done. */
  | { readonly kind: 'blocked' }
  /** PREPARE TRANSACTION was sent, and not answered. */
  | { readonly kind: 'unknown'; readonly error: unknown };

export interface Preparing {
  readonly gid: string;
  readonly orderId: string;
  /**
   * Whether the lane is still ours as it was when the branch was registered. Asked on another connection: what is
   * prepared would keep a lock on the whole table of lanes until the decision, and who changes that table would wait.
   */
  readonly isOurs: () => Promise<boolean>;
  readonly lockTimeoutMs: number;
  readonly work: (tx: Queries) => Promise<Worked>;
  /** Whether the work was given up meanwhile. */
  readonly givenUp: () => boolean;
}

const lockNotAvailable = '55P03';
const deadlockDetected = '40P01';
const undefinedObject = '42704';

/**
 * The branch's own transaction: its marker row and the business rows, and nothing else, as all of it stays locked until
 * the decision. Rejects for what is nobody's fault; nothing is prepared then.
 *
 * The marker comes first: of several who are at one branch the others wait for it. Whoever has got it looks whether the
 * lane is still his: a successor who has done anything for the branch had the marker before him.
 */
export async function prepare(pool: Pool, preparing: Preparing): Promise<Attempt> {
  const { gid, orderId, lockTimeoutMs } = preparing;
  return inSession(pool, async (db, ended) => {
    const tx = new FirstFailure(db);
    try {
      const [, , { rowCount: marked }] = await tx.all([
        tx.query({ text: 'BEGIN ISOLATION LEVEL READ COMMITTED' }),
        tx.query({ text: `SET LOCAL lock_timeout = ${lockTimeoutMs}` }),
        tx.query(statements.statement('mark-branch', [orderId])),
      ]);
      if (marked === 0) return { kind: 'blocked' };
    } catch (error) {
      if (sqlStateOf(error) === lockNotAvailable) return { kind: 'contended' };
      throw error;
    }
    if (!(await preparing.isOurs()) || preparing.givenUp()) return { kind: 'blocked' };
    const worked = await workOn(tx, preparing);
    if (worked.kind === 'refused') return worked;
    if (worked.kind === 'locked') return { kind: 'locked', on: worked.keys.join(', ') };
    if (preparing.givenUp()) return { kind: 'blocked' };
    try {
      const { command } = await db.query({ text: `PREPARE TRANSACTION ${escapeLiteral(gid)}` });
      ended();
      if (command === 'ROLLBACK') throw new Error('the branch was rolled back instead of prepared');
    } catch (error) {
      // What PostgreSQL itself has refused is not prepared; a session that it ends (08, 57) may have been.
      const state = sqlStateOf(error);
      if (state !== undefined && !/^(08|57)/.test(state)) throw error;
      return { kind: 'unknown', error };
    }
    reached('branch prepared');
    return { kind: 'prepared', keys: worked.keys };
  });
}

async function workOn(tx: FirstFailure, { work }: Preparing): Promise<Worked> {
  try {
    return (await tx.all([work(tx)]))[0];
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === lockNotAvailable || state === deadlockDetected)
      return { kind: 'locked', keys: [(error as Error).message] };
    throw error;
  }
}

export interface Ended {
  readonly found: boolean;
  readonly marker: Marker;
}

/** COMMIT PREPARED. Rejects when it is not known whether it happened, or cannot happen now: to be done again. */
export async function commitPrepared(pool: Pool, gid: string, orderId: string): Promise<Ended> {
  const found = await finish(pool, 'COMMIT', gid);
  return { found, marker: found ? 'committed' : await markerOf(pool, orderId) };
}

/**
 * ROLLBACK PREPARED, found or not, and a marker that blocks whoever would still prepare it. Rejects when that is not
 * done: somebody may be at the branch, who will end, or be found prepared the next time.
 */
export async function rollBackPrepared(
  pool: Pool,
  { gid, orderId, lockTimeoutMs }: Pick<Preparing, 'gid' | 'orderId' | 'lockTimeoutMs'>,
): Promise<Ended> {
  const found = await finish(pool, 'ROLLBACK', gid);
  return inSession(pool, async (db, ended) => {
    const [, , { rowCount: blocked }, { rows }] = await Promise.all([
      db.query({ text: 'BEGIN ISOLATION LEVEL READ COMMITTED' }),
      db.query({ text: `SET LOCAL lock_timeout = ${lockTimeoutMs}` }),
      db.query(statements.statement('block-branch', [orderId])),
      db.query<{ outcome: Marker }>(statements.statement('find-marker', [orderId])),
    ]);
    await db.query({ text: 'COMMIT' });
    ended();
    // What was there before is reported.
    return { found, marker: blocked === 1 ? 'absent' : (rows[0]?.outcome ?? 'absent') };
  });
}

/** The names of this database's prepared transactions that match this. */
export async function listPrepared(db: Queries, pattern: string): Promise<string[]> {
  const { rows } = await db.query<{ gid: string }>(statements.statement('list-prepared', [pattern]));
  return rows.map(({ gid }) => gid);
}

export async function isPrepared(db: Queries, gid: string): Promise<boolean> {
  return ((await db.query(statements.statement('find-prepared', [gid]))).rowCount ?? 0) > 0;
}

/** Whether there was one of that name. */
async function finish(db: Queries, how: 'COMMIT' | 'ROLLBACK', gid: string): Promise<boolean> {
  try {
    await db.query({ text: `${how} PREPARED ${escapeLiteral(gid)}` });
    return true;
  } catch (error) {
    if (sqlStateOf(error) === undefinedObject) return false;
    throw error;
  }
}

async function markerOf(db: Queries, orderId: string): Promise<Marker> {
  const { rows } = await db.query<{ outcome: Marker }>(statements.statement('find-marker', [orderId]));
  return rows[0]?.outcome ?? 'absent';
}

/** Whatever is left open is rolled back; `ended`: nothing is, and PostgreSQL would only wonder. */
async function inSession<T>(
  pool: Pool,
  work: (db: PooledConnection, ended: () => void) => Promise<T>,
): Promise<T> {
  const db = await pool.connect();
  let isOpen = true;
  let broken: Error | undefined;
  try {
    return await work(db, () => (isOpen = false));
  } finally {
    if (isOpen) await db.query({ text: 'ROLLBACK' }).catch((error: Error) => (broken = error));
    db.release(broken);
  }
}

import type { Queries } from '../queries.js';
import type { Pool, StatementResult } from './pool.js';

/**
 * Runs `work` in a transaction of its own. When it throws, or a statement of it failed, everything is rolled back
 * and the error thrown. Statements that don't depend on each other may be sent without awaiting each other.
 */
export async function transaction<T>(pool: Pool, work: (tx: Queries) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  try {
    // Not awaited: it travels with the first statements. If it fails, so do they, and the COMMIT.
    const begun = connection.query({ text: 'BEGIN' });
    begun.catch(() => undefined);
    const value = await work(connection);
    await begun;
    assertCommitted(await connection.query({ text: 'COMMIT' }));
    return value;
  } catch (error) {
    // A rollback that fails means that the connection is of no use any more.
    await connection.query({ text: 'ROLLBACK' }).catch((lost: Error) => (broken = lost));
    throw error;
  } finally {
    connection.release(broken);
  }
}

/** After a failed statement a pipelined COMMIT resolves, and has rolled back. */
export function assertCommitted(commit: StatementResult<unknown>): void {
  if (commit.command !== 'COMMIT') throw new TransactionRolledBack();
}

export class TransactionRolledBack extends Error {
  constructor() {
    super('the transaction was rolled back: a statement in it had failed');
    this.name = 'TransactionRolledBack';
  }
}

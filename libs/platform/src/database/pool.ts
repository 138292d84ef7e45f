import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { Logger } from '../logging/logger.js';
import { createLogger } from '../logging/logger.js';
import type { Queries, Query } from '../queries.js';
import { sessionOf } from './session.js';

/** `command` is what PostgreSQL did: a COMMIT after a failed statement succeeds with `ROLLBACK`. */
export interface StatementResult<Row> {
  readonly rows: Row[];
  readonly rowCount: number | null;
  readonly command: string;
}

export interface Pool extends Queries {
  query<Row = Record<string, unknown>>(query: Query): Promise<StatementResult<Row>>;
  /** A connection of one's own, for a transaction: `release` it in a `finally`, with an error to throw it away. */
  connect(): Promise<PooledConnection>;
  /** Waits until every connection was given back, then closes them. */
  end(): Promise<void>;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

export interface PooledConnection extends Queries {
  query<Row = Record<string, unknown>>(query: Query): Promise<StatementResult<Row>>;
  release(error?: Error | boolean): void;
}

/** A connection of its own, in pipeline mode: statements sent without awaiting each other share round trips. */
export interface Connection extends Queries {
  query<Row = Record<string, unknown>>(query: Query): Promise<StatementResult<Row>>;
  /** Set once the connection is lost. Every later query is rejected: open another one. */
  readonly lost: Error | undefined;
  end(): Promise<void>;
}

export interface PoolOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly max: number;
  readonly transactionTimeoutMs?: number;
  readonly logger?: Logger;
}

/**
 * Opens no connection yet. One that is lost while idle is logged and replaced.
 * Beyond pg's own: `int8` arrives as a number (an unsafe one is an error), `date` as `YYYY-MM-DD`, `numeric` as text.
 */
export function openPool(options: PoolOptions): Pool {
  const logger = options.logger ?? createLogger({ name: options.applicationName });
  const pool = new pg.Pool({
    ...sessionOf({ ...options, transactionTimeoutMs: options.transactionTimeoutMs ?? 30_000 }),
    max: options.max,
    idleTimeoutMillis: 30_000,
  });
  // Without listeners, an error of an idle connection (pool) or of one in use (client) would end the process.
  pool.on('error', error => logger.warn({ err: error }, 'an idle database connection was lost'));
  pool.on('connect', client =>
    client.on('error', error => logger.warn({ err: error }, 'a database connection was lost')),
  );
  return pool as unknown as Pool;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly transactionTimeoutMs: number;
  readonly logger?: Logger;
  /** Called once, when the connection is lost other than by `end`. Pending queries are rejected as well. */
  readonly onLost?: (error: Error) => void;
}

/** Connects, or rejects after five seconds. The types are read as `openPool` says. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const logger = options.logger ?? createLogger({ name: options.applicationName });
  const client = new pg.Client({ ...sessionOf(options) });
  const connection = Object.assign(client as unknown as Connection, { lost: undefined as Error | undefined });
  client.on('error', error => {
    if (connection.lost !== undefined) return;
    connection.lost = error;
    logger.warn({ err: error }, 'the database connection was lost');
    options.onLost?.(error);
  });
  await client.connect();
  sendTogether(client, connection);
  return connection;
}

/**
 * Statements that are sent without awaiting each other go out in one write: pg makes one for each, and each wakes the
 * server's process up.
 */
function sendTogether(client: pg.Client, connection: Connection): void {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  const query = connection.query.bind(connection);
  let corked = false;
  connection.query = statement => {
    if (!corked) {
      corked = true;
      stream.cork();
      process.nextTick(() => {
        corked = false;
        stream.uncork();
      });
    }
    return query(statement);
  };
}

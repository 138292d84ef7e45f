import type { ErrorClass, ErrorShape } from './error-class.js';

/** SQLSTATEs (PostgreSQL's appendix A), a whole one before its class of two characters. All others are a `bug`. */
export const sqlStates: Readonly<Record<string, ErrorClass>> = {
  '08': 'unknown', // connection exception: a COMMIT under way may have taken effect
  '08001': 'transient', // the client can't connect
  '08004': 'transient', // the server refuses the connection
  '08P01': 'bug', // protocol violation
  '23': 'rejected', // integrity constraint violation
  '25006': 'transient', // read-only: the old primary, for as long as a failover takes
  '25P03': 'transient', // idle in transaction for too long: rolled back
  '25P04': 'transient', // the transaction took too long: rolled back
  '40': 'transient', // transaction rollback: serialization failure, deadlock
  '40002': 'rejected', // a constraint, found at the commit
  '40003': 'unknown', // statement completion unknown
  '44': 'rejected', // WITH CHECK OPTION violation
  '53': 'transient', // insufficient resources: connections, memory, disk
  '55006': 'transient', // object in use
  '55P03': 'transient', // lock not available
  '57014': 'transient', // query cancelled, by statement_timeout for instance
  '57P01': 'unknown', // the server shuts down, perhaps during a COMMIT
  '57P02': 'unknown', // it crashed
  '57P03': 'transient', // it starts, and takes no connection yet
  '57P05': 'transient', // idle for too long
  '58': 'unknown', // system error: input and output
  P0001: 'rejected', // raise_exception
};

/** What pg itself says without a code, about connections mostly. */
export const pgMessages: readonly (readonly [RegExp, ErrorClass])[] = [
  [/^timeout expired$|timeout exceeded when trying to connect|due to connection timeout/, 'transient'],
  [/^Connection terminated/, 'unknown'],
  [/^Query read timeout/, 'unknown'],
  [/is not queryable$|^Client was closed and/, 'transient'],
  [/^Cannot use a pool after calling end/, 'bug'],
];

/** An error that PostgreSQL sent, or one of pg's own; null when it is none. */
export function classifyPostgres({ code, severity, message }: ErrorShape): ErrorClass | null {
  if (typeof severity === 'string' && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    return sqlStates[code] ?? sqlStates[code.slice(0, 2)] ?? 'bug';
  }
  if (code !== undefined || typeof message !== 'string') return null;
  return pgMessages.find(([pattern]) => pattern.test(message))?.[1] ?? null;
}

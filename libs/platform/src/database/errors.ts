/** The five-character SQLSTATE of an error that PostgreSQL itself answered; undefined for lost connections and others. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && code.length === 5 && severity !== undefined ? code : undefined;
}

/** Whether the same request may well succeed later: the database is away, overloaded, or somebody was in the way. */
export function isPassingDatabaseError(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return passingStates.some(prefix => state.startsWith(prefix));
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError)
    return error.errors.length > 0 && error.errors.every(isPassingDatabaseError);
  const { code, syscall } = error as NodeJS.ErrnoException;
  return (syscall !== undefined && passingErrnos.has(code ?? '')) || lostConnection.test(error.message);
}

/** 08 connection, 25P0x timeouts, 40 rollback, 53 resources, 55P03 lock timeout, 57 operator (PostgreSQL, appendix A). */
const passingStates = ['08', '25P0', '40', '53', '55P03', '57'];
const passingErrnos = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** What pg and pg-pool say, without a code. */
const lostConnection =
  /^(Connection terminated|Query read timeout|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error)/;

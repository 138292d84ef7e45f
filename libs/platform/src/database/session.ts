import pg from 'pg';

/** What a pool's and a single connection's sessions have in common. */
export function sessionOf(options: {
  readonly url: string;
  readonly applicationName: string;
  readonly transactionTimeoutMs: number;
}): pg.ClientConfig {
  const url = new URL(options.url);
  // What stands in the URL would win over the configuration's `options`, so that both are joined.
  const settings = [
    url.searchParams.get('options'),
    `-c transaction_timeout=${options.transactionTimeoutMs}`,
    // Statements are prepared while their tables are empty, and a plan is kept for the life of its connection: one that
    // reads a whole table must not be made where an index can be used, and none is made anew at each execution.
    '-c enable_seqscan=off',
    '-c plan_cache_mode=force_generic_plan',
  ];
  url.searchParams.delete('options');
  return {
    connectionString: url.href,
    application_name: options.applicationName,
    options: settings.filter(setting => setting !== null).join(' '),
    // A stopped process's open transaction keeps its locks until the server ends it.
    idle_in_transaction_session_timeout: options.transactionTimeoutMs,
    connectionTimeoutMillis: 5_000,
    // The server ends what takes too long; this ends what a dead server or network never answers.
    query_timeout: options.transactionTimeoutMs + 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    pipeline: true,
    types: { getTypeParser },
  };
}

const int8 = 20;
const int8Array = 1016;
const date = 1082;

const int8ArrayAsText = pg.types.getTypeParser(int8Array as never);

const ownParsers = new Map<number, (text: string) => unknown>([
  [int8, safeInteger],
  [int8Array, text => (int8ArrayAsText(text) as unknown as (string | null)[]).map(nullableInteger)],
  // pg would make midnight in the process's time zone of it: another day in another zone.
  [date, text => text],
]);

const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  (format === 'binary' ? undefined : ownParsers.get(oid)) ??
  pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is not a safe integer`);
  return value;
}

const nullableInteger = (text: string | null) => (text === null ? null : safeInteger(text));

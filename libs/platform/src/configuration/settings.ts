import { z } from 'zod';

/*
 * The pieces that a process's configuration is made of. Each reads the text of one environment variable; an empty
 * variable counts as absent. Their messages complete the sentence `PORT: expected ..., got "abc"`.
 */

/** A TCP port; 0 lets the system choose. */
export const port = integer('a port number from 0 to 65535', 0, 65_535);

/** An address to listen on: loopback unless said otherwise. */
export const host = z.string('a host name or address').min(1, 'a host name or address').default('127.0.0.1');

/** `host:port,host:port` as a list. */
export const brokers = z.string('a list of host:port').transform((list, context): readonly string[] => {
  const addresses = list.split(',').map(address => address.trim());
  if (addresses.every(isAddress)) return addresses;
  context.addIssue({ code: 'custom', message: 'a list of host:port' });
  return z.NEVER;
});

/** `postgres://user:password@host:port/database`. */
export const postgresUrl = url('a PostgreSQL URL (postgres://user:password@host:port/database)', [
  'postgres:',
  'postgresql:',
]);

/** `http://` or `https://`, without a trailing slash. */
export const httpUrl = url('a URL that begins with http:// or https://', ['http:', 'https:']).transform(
  value => value.replace(/\/+$/, ''),
);

/** Whole milliseconds, at most a day; `defaultMs` when absent. */
export const durationMs = (defaultMs: number) =>
  integer('whole milliseconds from 1 to 86400000', 1, 86_400_000).default(defaultMs);

/** How long something is kept: whole milliseconds, from a second to ten years; `defaultMs` when absent. */
export const retentionMs = (defaultMs: number) =>
  integer('whole milliseconds from 1000 to 315360000000', 1_000, 315_360_000_000).default(defaultMs);

/** A whole number from 1 to a million; `fallback` when absent. */
export const count = (fallback: number) =>
  integer('a whole number from 1 to 1000000', 1, 1_000_000).default(fallback);

export const logLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    error: 'one of fatal, error, warn, info, debug, trace, silent',
  })
  .default('info');

/** Put before every topic's name, so that several stacks or tests share a broker. */
export const topicPrefix = z
  .string()
  .regex(/^[A-Za-z0-9._-]{0,100}$/, 'at most 100 letters, digits, dots, dashes and underscores')
  .default('');

/** Where operators are listened to, for a process with an `OperationsServer`. */
export const operationsSettings = {
  /** Loopback, whatever HOST says, unless this says otherwise. */
  OPERATIONS_HOST: host,
  /** Without it, or with 0, the system chooses one: the log says which. */
  OPERATIONS_PORT: port.default(0),
};

/** What `startService` needs; spread it into a service's own schema. */
export const processSettings = { HOST: host, PORT: port, LOG_LEVEL: logLevel };

function integer(expected: string, min: number, max: number) {
  return z.string(expected).transform((digits, context): number => {
    const value = /^\d{1,15}$/.test(digits.trim()) ? Number(digits) : NaN;
    if (value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

function url(expected: string, protocols: readonly string[]) {
  return z
    .string(expected)
    .refine(
      text => URL.canParse(text) && protocols.includes(new URL(text).protocol) && new URL(text).host !== '',
      {
        message: expected,
      },
    );
}

function isAddress(text: string): boolean {
  const [, digits] = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  return digits !== undefined && Number(digits) > 0 && Number(digits) <= 65_535;
}

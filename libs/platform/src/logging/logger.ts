import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/**
 * JSON lines on stdout. Written synchronously, so that the last lines before a crash are not lost.
 * @param options.destination where the lines go instead, for tests
 */
export function createLogger(options: {
  name: string;
  level?: string;
  destination?: DestinationStream;
}): Logger {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: { paths: secretPaths, censor: '[redacted]' },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

const secrets = [
  'password',
  'secret',
  'token',
  'authorization',
  'cookie',
  'connectionString',
  'DATABASE_URL',
];
/** Wherever a secret may stand: at the top of a line's fields, and one or two levels below. */
const secretPaths = secrets.flatMap(name => [name, `*.${name}`, `*.*.${name}`]);

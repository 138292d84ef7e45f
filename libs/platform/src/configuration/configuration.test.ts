import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfiguration } from './load.js';
import {
  brokers,
  count,
  durationMs,
  httpUrl,
  port,
  postgresUrl,
  processSettings,
  topicPrefix,
} from './settings.js';

const schema = z.object({
  ...processSettings,
  KAFKA_BROKERS: brokers,
  DATABASE_URL: postgresUrl,
  CARRIER_URL: httpUrl,
  STEP_TIMEOUT_MS: durationMs(5_000),
  LANES: count(16),
  TOPIC_PREFIX: topicPrefix,
});
const good = {
  PORT: '3001',
  KAFKA_BROKERS: '127.0.0.1:9092, kafka.example:9093,[::1]:9094',
  DATABASE_URL: 'postgres://order:s3cret@127.0.0.1:5432/order',
  CARRIER_URL: 'http://127.0.0.1:4000/',
};

test('the environment becomes typed values, with defaults for what is absent or empty', () => {
  expect(parseConfiguration(schema, { ...good, LANES: '', PATH: '/usr/bin' })).toEqual({
    HOST: '127.0.0.1',
    PORT: 3001,
    LOG_LEVEL: 'info',
    KAFKA_BROKERS: ['127.0.0.1:9092', 'kafka.example:9093', '[::1]:9094'],
    DATABASE_URL: good.DATABASE_URL,
    CARRIER_URL: 'http://127.0.0.1:4000',
    STEP_TIMEOUT_MS: 5_000,
    LANES: 16,
    TOPIC_PREFIX: '',
  });
});

test('the configuration is frozen, its lists too', () => {
  const configuration = parseConfiguration(schema, good);
  expect(() => Object.assign(configuration, { PORT: 1 })).toThrow(TypeError);
  expect(() => (configuration.KAFKA_BROKERS as string[]).push('x:1')).toThrow(TypeError);
});

test.each([
  ['PORT', 'abc', 'PORT: expected a port number from 0 to 65535, got "abc"'],
  ['PORT', '65536', 'PORT: expected a port number from 0 to 65535, got "65536"'],
  ['PORT', '3e3', 'PORT: expected a port number from 0 to 65535, got "3e3"'],
  ['PORT', '-1', 'PORT: expected a port number from 0 to 65535, got "-1"'],
  ['PORT', '', 'PORT: expected a port number from 0 to 65535, got nothing'],
  ['PORT', 'a\nb', 'PORT: expected a port number from 0 to 65535, got "a\\nb"'],
  ['LANES', '0', 'LANES: expected a whole number from 1 to 1000000, got "0"'],
  ['LANES', '1.5', 'LANES: expected a whole number from 1 to 1000000, got "1.5"'],
  ['STEP_TIMEOUT_MS', '5s', 'STEP_TIMEOUT_MS: expected whole milliseconds from 1 to 86400000, got "5s"'],
  ['KAFKA_BROKERS', 'localhost', 'KAFKA_BROKERS: expected a list of host:port, got "localhost"'],
  ['KAFKA_BROKERS', 'a:1,,b:2', 'KAFKA_BROKERS: expected a list of host:port, got "a:1,,b:2"'],
  ['KAFKA_BROKERS', 'a:99999', 'KAFKA_BROKERS: expected a list of host:port, got "a:99999"'],
  [
    'LOG_LEVEL',
    'loud',
    'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"',
  ],
])('%s=%j is refused in one clear line', (name, value, line) => {
  expect(() => parseConfiguration(schema, { ...good, [name]: value })).toThrow(
    `invalid configuration: ${line}`,
  );
});

test.each(['mysql://order:s3cret@db/order', 'postgres//order:s3cret@db', 's3cret', 'postgres:s3cret'])(
  'a bad URL (%s) is refused without showing what may be a secret',
  url => {
    let message = '';
    try {
      parseConfiguration(schema, { ...good, DATABASE_URL: url });
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toContain('DATABASE_URL: expected a PostgreSQL URL');
    expect(message).not.toContain('s3cret');
  },
);

test('secrets are not shown under any of their usual names', () => {
  const secrets = z.object({ API_TOKEN: port, ADMIN_PASSWORD: port, SIGNING_KEY: port });
  const values = { API_TOKEN: 's3cret', ADMIN_PASSWORD: 's3cret', SIGNING_KEY: 's3cret' };
  expect(() => parseConfiguration(secrets, values)).toThrow(
    /^(?!.*s3cret).*SIGNING_KEY: expected .* not shown$/,
  );
});

test('all that is wrong is said at once, on one line', () => {
  expect(() => parseConfiguration(schema, { ...good, PORT: 'x', LANES: 'y' })).toThrow(
    /^[^\n]*PORT: [^\n]*; LANES: [^\n]*$/,
  );
});

test("a schema's own kinds are described as well", () => {
  const mode = z.object({ MODE: z.enum(['fast', 'safe']) });
  expect(() => parseConfiguration(mode, { MODE: 'x' })).toThrow(
    'MODE: expected one of "fast"|"safe", got "x"',
  );
});

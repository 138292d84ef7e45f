import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { DatabaseError } from 'pg';
import { errors as undici } from 'undici';
import { TimedOut } from '../timeout/with-timeout.js';
import { classify } from './classify.js';
import type { ErrorClass } from './error-class.js';
import { BreakerOpen, BulkheadFull, DeadlinePassed, RateLimited } from './refused.js';

const like = (properties: object) => Object.assign(new Error('for a test'), properties);

describe('a status of HTTP', () => {
  const table: Record<ErrorClass, number[]> = {
    rejected: [402, 403, 404, 409, 410, 412, 422, 423, 424, 451],
    transient: [408, 421, 425, 429, 503],
    unknown: [500, 502, 504, 507, 508, 599],
    bug: [300, 304, 400, 401, 405, 406, 411, 413, 414, 415, 418, 431, 501, 505],
  };
  test.each(Object.entries(table))('that is %s', (expected, statuses) => {
    expect(statuses.map(status => [status, classify(like({ status }))])).toEqual(
      statuses.map(status => [status, expected]),
    );
    expect(statuses.map(statusCode => classify(like({ statusCode })))).toEqual(statuses.map(() => expected));
  });

  test('that is none says nothing', () => {
    expect([200, 0, 99, 600, NaN, '503'].map(status => classify(like({ status })))).toEqual(
      Array(6).fill('unknown'),
    );
  });
});

describe('an error of undici', () => {
  test.each<[ErrorClass, Error]>([
    ['transient', new undici.ConnectTimeoutError()],
    ['transient', new undici.ClientClosedError()],
    ['unknown', new undici.ClientDestroyedError()],
    ['unknown', new undici.HeadersTimeoutError()],
    ['unknown', new undici.BodyTimeoutError()],
    ['unknown', new undici.SocketError('other side closed')],
    ['unknown', new undici.RequestAbortedError()],
    ['unknown', new undici.ResponseContentLengthMismatchError()],
    ['unknown', Object.assign(new undici.HTTPParserError('Invalid method'), { code: 'HPE_INVALID_METHOD' })],
    ['bug', new undici.InvalidArgumentError()],
    ['bug', new undici.NotSupportedError()],
    ['bug', new undici.RequestContentLengthMismatchError()],
  ])('that is %s: %s', (expected, error) => {
    expect([classify(error), classify(new TypeError('fetch failed', { cause: error }))]).toEqual([
      expected,
      expected,
    ]);
  });
});

describe('an error of a connection', () => {
  test.each<[ErrorClass, object]>([
    ['transient', { code: 'ECONNREFUSED', syscall: 'connect' }],
    ['transient', { code: 'ETIMEDOUT', syscall: 'connect' }],
    ['transient', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }],
    ['transient', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
    ['unknown', { code: 'ETIMEDOUT', syscall: 'read' }],
    ['unknown', { code: 'ECONNRESET', syscall: 'read' }],
    ['unknown', { code: 'EPIPE', syscall: 'write' }],
    ['bug', { code: 'CERT_HAS_EXPIRED' }],
    ['bug', { code: 'ERR_INVALID_URL' }],
  ])('that is %s: %j', (expected, properties) => {
    expect(classify(like(properties))).toBe(expected);
  });

  test('to several addresses is what the worst of them is', () => {
    const refused = like({ code: 'ECONNREFUSED', syscall: 'connect' });
    const reset = like({ code: 'ECONNRESET', syscall: 'read' });
    const both = new AggregateError([refused, reset]);
    expect([classify(new AggregateError([refused, refused])), classify(both)]).toEqual([
      'transient',
      'unknown',
    ]);
  });
});

describe('what fetch really throws', () => {
  const thrownBy = async (url: string, init?: RequestInit) =>
    await fetch(url, init).then(
      () => undefined,
      (error: unknown) => error,
    );

  test('when nobody listens is transient', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(classify(await thrownBy(`http://127.0.0.1:${port}`))).toBe('transient');
  });

  test('when the connection breaks, or takes too long, is unknown', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/break') response.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(classify(await thrownBy(`${url}/break`))).toBe('unknown');
    expect(classify(await thrownBy(`${url}/hang`, { signal: AbortSignal.timeout(20) }))).toBe('unknown');
    expect(classify(await thrownBy(`${url}/hang`, { signal: AbortSignal.abort() }))).toBe('unknown');
    server.closeAllConnections();
    server.close();
  });

  test('when the address makes no sense is a bug', async () => {
    expect(classify(await thrownBy('no address'))).toBe('bug');
  });
});

describe('an error that PostgreSQL sends', () => {
  const table: Record<ErrorClass, string[]> = {
    rejected: ['23502', '23503', '23505', '23514', '23P01', '40002', '44000', 'P0001'],
    transient: [
      ...['40001', '40P01', '53000', '53100', '53200', '53300', '55006', '55P03', '57014', '57P03', '57P05'],
      ...['08001', '08004', '25006', '25P03', '25P04'],
    ],
    unknown: ['08000', '08003', '08006', '08007', '40003', '57P01', '57P02', '58000', '58030'],
    bug: ['08P01', '0A000', '22003', '22P02', '25001', '25P02', '26000', '28P01', '3D000', '42501', '42601'],
  };
  test.each(Object.entries(table))('that is %s', (expected, codes) => {
    const sent = (code: string) =>
      Object.assign(new DatabaseError('sent', 1, 'error'), { code, severity: 'ERROR' });
    expect(codes.map(code => [code, classify(sent(code))])).toEqual(codes.map(code => [code, expected]));
  });

  test.each<[ErrorClass, string]>([
    ['transient', 'timeout expired'],
    ['transient', 'timeout exceeded when trying to connect'],
    ['transient', 'Connection terminated due to connection timeout'],
    ['transient', 'Client has encountered a connection error and is not queryable'],
    ['unknown', 'Connection terminated unexpectedly'],
    ['unknown', 'Connection terminated'],
    ['unknown', 'Query read timeout'],
    ['bug', 'Cannot use a pool after calling end on the pool'],
  ])('or pg itself, that is %s: %s', (expected, message) => {
    expect(classify(new Error(message))).toBe(expected);
  });
});

describe('an error of kafkajs', () => {
  /** kafkajs may be loaded in libs/messaging only: a process of its own makes real ones. */
  const script = `
    const errors = require('kafkajs/src/errors');
    const { createErrorFromCode } = require('kafkajs/src/protocol/error');
    const protocol = [6, 5, 3, 8, 22, 25, 27, 7, 13, 20, 45, 46, 59, -1, 10, 18, 29, 41, 87].map(createErrorFromCode);
    const named = [
      new errors.KafkaJSConnectionError('no way', { broker: 'a:1', code: 'ECONNREFUSED' }),
      new errors.KafkaJSConnectionClosedError('closed', { host: 'a', port: 1 }),
      new errors.KafkaJSRequestTimeoutError('late', {}),
      new errors.KafkaJSNumberOfRetriesExceeded(protocol[0], { retryCount: 5, retryTime: 1 }),
      new errors.KafkaJSNumberOfRetriesExceeded(new errors.KafkaJSRequestTimeoutError('late', {}), {}),
      new errors.KafkaJSBrokerNotFound('gone'),
      new errors.KafkaJSTopicMetadataNotLoaded('not yet', { topic: 't' }),
      new errors.KafkaJSSASLAuthenticationError('no'),
      new errors.KafkaJSNotImplemented('no'),
      new errors.KafkaJSAggregateError('two', [protocol[0], protocol[7]]),
    ];
    console.log(JSON.stringify([...protocol, ...named].map(function plain(error) {
      return { ...error, message: error.message, cause: error.cause && plain(error.cause),
        errors: error.errors && error.errors.map(plain) };
    })));
  `;

  test('is known by its name and its type', () => {
    const made = spawnSync(process.execPath, ['-e', script], { cwd: new URL('.', import.meta.url) });
    const errors = JSON.parse(made.stdout.toString(), (key, value: unknown) =>
      key === 'errors' ? (value as object[]).map(like) : value,
    ) as { name: string; type?: string }[];
    expect(errors.map(error => [error.type ?? error.name, classify(error)])).toEqual([
      ['NOT_LEADER_FOR_PARTITION', 'transient'],
      ['LEADER_NOT_AVAILABLE', 'transient'],
      ['UNKNOWN_TOPIC_OR_PARTITION', 'transient'],
      ['BROKER_NOT_AVAILABLE', 'transient'],
      ['ILLEGAL_GENERATION', 'transient'],
      ['UNKNOWN_MEMBER_ID', 'transient'],
      ['REBALANCE_IN_PROGRESS', 'transient'],
      ['REQUEST_TIMED_OUT', 'unknown'],
      ['NETWORK_EXCEPTION', 'unknown'],
      ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'unknown'],
      ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'unknown'],
      ['DUPLICATE_SEQUENCE_NUMBER', 'unknown'],
      ['UNKNOWN_PRODUCER_ID', 'unknown'],
      ['UNKNOWN', 'unknown'],
      ['MESSAGE_TOO_LARGE', 'bug'],
      ['RECORD_LIST_TOO_LARGE', 'bug'],
      ['TOPIC_AUTHORIZATION_FAILED', 'bug'],
      ['NOT_CONTROLLER', 'transient'],
      ['INVALID_RECORD', 'bug'],
      ['KafkaJSConnectionError', 'transient'],
      ['KafkaJSConnectionClosedError', 'unknown'],
      ['KafkaJSRequestTimeoutError', 'unknown'],
      ['KafkaJSNumberOfRetriesExceeded', 'transient'],
      ['KafkaJSNumberOfRetriesExceeded', 'unknown'],
      ['KafkaJSBrokerNotFound', 'transient'],
      ['KafkaJSTopicMetadataNotLoaded', 'transient'],
      ['KafkaJSSASLAuthenticationError', 'bug'],
      ['KafkaJSNotImplemented', 'bug'],
      ['KafkaJSAggregateError', 'unknown'],
    ]);
  });
});

test.each<[ErrorClass, unknown]>([
  ['transient', new BreakerOpen('open', 'carrier')],
  ['transient', new BulkheadFull('full', 'carrier')],
  ['transient', new RateLimited('too many', 'carrier', 10)],
  ['transient', new TimedOut(10, false)],
  ['unknown', new TimedOut(10)],
  ['rejected', new DeadlinePassed()],
])('an error of our own that is %s: %s', (expected, error) => {
  expect(classify(error)).toBe(expected);
});

test('an error may say itself what it is', () => {
  const declined = like({ errorClass: 'rejected', status: 500 });
  expect([classify(declined), classify(like({ errorClass: 'whatever', status: 500 }))]).toEqual([
    'rejected',
    'unknown',
  ]);
});

test('a slip of ours is a bug, an answer that can not be read and anything else unknown', () => {
  const slips = [new TypeError('undefined is not a function'), new RangeError('-1'), 'a string', undefined];
  expect(slips.map(classify)).toEqual(Array(4).fill('bug'));
  expect([new SyntaxError('Unexpected end of JSON input'), new Error('what?')].map(classify)).toEqual([
    'unknown',
    'unknown',
  ]);
});

test('the errors in the body of a response do not hide its status', () => {
  const errors = [{ field: 'street', message: 'is missing' }];
  const both = [new Error('one'), new Error('two')];
  expect(
    [
      { status: 422, errors },
      { statusCode: 503, errors: both },
    ]
      .map(like)
      .map(classify),
  ).toEqual(['rejected', 'transient']);
  // Nor are they errors of ours where there is none.
  expect([{ errors: ['is missing'] }, { errors, code: 'ECONNREFUSED' }].map(like).map(classify)).toEqual([
    'unknown',
    'transient',
  ]);
});

test('causes that go round in a circle end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(classify(error)).toBe('unknown');
});

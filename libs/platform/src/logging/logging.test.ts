import { expect, test } from 'vitest';
import { createLogger } from './logger.js';
import { NestLogger } from './nest-logger.js';
import { loggerFor, newTraceparent, parseTraceparent, traceContextOf, traceIdOf } from './trace-context.js';

function captured(level = 'trace') {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    name: 'order',
    level,
    destination: { write: line => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  return { logger, lines };
}

test('a line is JSON with level, time, name and message', () => {
  const { logger, lines } = captured();
  logger.info({ lanes: [1, 2] }, 'claimed');
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'info',
      name: 'order',
      msg: 'claimed',
      lanes: [1, 2],
      time: expect.stringMatching(/Z$/) as string,
    }),
  ]);
});

test('secrets are redacted, also a level or two down', () => {
  const { logger, lines } = captured();
  logger.info(
    {
      password: 'p1',
      db: { password: 'p2', connectionString: 'p3' },
      request: { headers: { authorization: 'p4', cookie: 'p5' } },
    },
    'x',
  );
  expect(JSON.stringify(lines)).not.toMatch(/p[1-5]/);
});

test('an error keeps its stack and its cause', () => {
  const { logger, lines } = captured();
  logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  expect(lines[0]?.['err']).toMatchObject({
    message: 'outer: inner',
    stack: expect.stringContaining('inner') as string,
  });
});

test("a logger for a message carries the order's and the trace's id", () => {
  const { logger, lines } = captured();
  const traceparent = newTraceparent();
  loggerFor(logger, { orderId: 'o-1', traceparent }).warn('held');
  loggerFor(logger, { orderId: 'o-2' }).warn('held');
  expect(lines).toEqual([
    expect.objectContaining({ orderId: 'o-1', traceId: traceparent.slice(3, 35) }),
    expect.objectContaining({ orderId: 'o-2' }),
  ]);
  expect(lines[1]).not.toHaveProperty('traceId');
});

test("Nest's lines keep their level, context and stack; its wiring is for debugging", () => {
  const { logger, lines } = captured();
  const nest = new NestLogger(logger);
  nest.log('Mapped {/orders, POST} route', 'RouterExplorer');
  nest.log('started', 'OrderModule');
  nest.error('broken', 'Error: broken\n    at x', 'OrderModule');
  nest.warn({ a: 1 });
  expect(lines).toEqual([
    expect.objectContaining({ level: 'debug', context: 'RouterExplorer' }),
    expect.objectContaining({ level: 'info', context: 'OrderModule', msg: 'started' }),
    expect.objectContaining({ level: 'error', context: 'OrderModule', stack: 'Error: broken\n    at x' }),
    expect.objectContaining({ level: 'warn', msg: '{"a":1}' }),
  ]);
});

test('new trace contexts are valid and differ', () => {
  const made = Array.from({ length: 2_000 }, newTraceparent);
  expect(new Set(made.map(traceIdOf)).size).toBe(2_000);
  expect(new Set(made.map(parent => parent.slice(36, 52))).size).toBe(2_000);
  for (const parent of made)
    expect(parseTraceparent(parent)).toMatchObject({ sampled: true, traceId: traceIdOf(parent) });
});

const valid = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

test("a caller's valid trace context is carried on", () => {
  expect(parseTraceparent(valid)).toEqual({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentId: '00f067aa0ba902b7',
    sampled: false,
  });
  expect(traceContextOf({ traceparent: valid, tracestate: 'vendor=1' })).toEqual({
    traceparent: valid,
    tracestate: 'vendor=1',
  });
});

test.each([
  ['', 'empty'],
  [`${valid}-extra`, 'longer than version 00'],
  [valid.toUpperCase(), 'upper case'],
  [valid.replace('00-', 'ff-'), 'version ff'],
  [valid.replace(/4bf9\w*-/, `${'0'.repeat(32)}-`), 'trace id of zeros'],
  [valid.replace(/00f0\w*-/, `${'0'.repeat(16)}-`), 'parent id of zeros'],
  [`${valid}\n`, 'with a line break'],
])('traceparent %j (%s) is ignored, and a new one made', header => {
  const context = traceContextOf({ traceparent: header, tracestate: 'vendor=1' });
  expect(parseTraceparent(header)).toBeUndefined();
  expect(parseTraceparent(context.traceparent)).toBeDefined();
  expect(context.traceparent).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  expect(context).not.toHaveProperty('tracestate');
});

test('a tracestate that is too long or not printable is dropped, the trace kept', () => {
  for (const tracestate of ['x'.repeat(513), 'a=\u0000', 'a=é', '']) {
    expect(traceContextOf({ traceparent: valid, tracestate })).toEqual({ traceparent: valid });
  }
});

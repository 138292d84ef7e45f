import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { request } from 'node:http';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { compilePackage, library } from '../testing/compiled.js';

/*
 * Signals, exit codes and what stands on stdout belong to a process: these tests start real ones, from the compiled
 * package. Their programs need no decorators: those of the module are called as functions.
 */
const resolved = (name: string) => import.meta.resolve(name);

beforeAll(compilePackage);

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
});

/** A service whose GET /slow answers after `slowMs` and whose shutdown hook takes `hookMs`. */
const service = `
import { Controller, Get, Module } from '${resolved('@nestjs/common')}';
import { createLogger, loadConfiguration, processSettings, runService } from '${library}';
import { z } from '${resolved('zod')}';

const codes = { BAD_REQUEST: 400, MALFORMED_JSON: 400, VALIDATION_FAILED: 400, ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405, REQUEST_TIMEOUT: 408, BODY_TOO_LARGE: 413, URI_TOO_LONG: 414, UNSUPPORTED_MEDIA_TYPE: 415,
  HEADERS_TOO_LARGE: 431, INTERNAL_ERROR: 500, UNAVAILABLE: 503 };
const problems = Object.fromEntries(Object.entries(codes).map(([code, status]) => [code, { code, status, title: code }]));
const configuration = loadConfiguration(z.object({ ...processSettings }));
const logger = createLogger({ name: 'parcels', level: configuration.LOG_LEVEL });
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

class Slow {
  async slow() { await wait(Number(process.env.SLOW_MS ?? 0)); return { done: true }; }
  fail() { setTimeout(() => { process.env.FAIL === 'reject' ? Promise.reject(new Error('nobody caught me')) : (() => { throw new Error('nobody caught me'); })(); }); return {}; }
  async onModuleDestroy() { logger.info('destroying'); await wait(Number(process.env.HOOK_MS ?? 0)); }
  onApplicationShutdown() { logger.info('closing the pool'); }
}
const route = (path, name) => Get(path)(Slow.prototype, name, Object.getOwnPropertyDescriptor(Slow.prototype, name));
route('slow', 'slow'); route('fail', 'fail');
Controller()(Slow);
class Parcels {}
Module({ controllers: [Slow] })(Parcels);

const strategy = {
  listen(callback) { logger.info('consuming'); callback(process.env.STRATEGY_FAILS ? new Error('no broker') : undefined); },
  async close() { logger.info('consumer closed'); }, on() {}, unwrap() {},
};
await runService({ name: 'parcels', module: Parcels, configuration, logger, problems, strategy,
  shutdownDeadlineMs: Number(process.env.DEADLINE_MS ?? 10_000) });
`;

test('one line says that the service is ready and where; SIGTERM ends it in order with exit code 0', async () => {
  const child = await start({});
  expect(child.lines.filter(line => /is ready at/.test(String(line['msg'])))).toHaveLength(1);
  const messages = await child.stop('SIGTERM');
  expect(child.exit()).toEqual({ code: 0, signal: null });
  expect(
    order(messages, [
      'consuming',
      'is ready at',
      'is shutting down',
      'destroying',
      'consumer closed',
      'closing the pool',
      'has shut down',
    ]),
  ).toBe(true);
});

test('Ctrl-C, even twice, is a shutdown as well', async () => {
  const child = await start({ HOOK_MS: '200' });
  child.process.kill('SIGINT');
  await child.stop('SIGINT');
  expect(child.exit()).toEqual({ code: 0, signal: null });
});

test('a request in flight is answered before the process ends; one on an open connection gets 503', async () => {
  const child = await start({ SLOW_MS: '700', HOOK_MS: '400' });
  const slow = get(`${child.url}/slow`);
  await new Promise(resolve => setTimeout(resolve, 150));
  const stopped = child.stop('SIGTERM');
  await new Promise(resolve => setTimeout(resolve, 100));
  const late = await get(`${child.url}/slow`);
  expect(late).toMatchObject({
    status: 503,
    body: { code: 'UNAVAILABLE' },
    retryAfter: '1',
    connection: 'close',
  });
  expect(await slow).toMatchObject({ status: 200, body: { done: true } });
  const answered = performance.now();
  await stopped;
  expect(child.exit()).toEqual({ code: 0, signal: null });
  // The client keeps its connections open for 5 s: they must not hold the process back.
  expect(performance.now() - answered).toBeLessThan(2_000);
});

test('a shutdown that hangs ends at its deadline with exit code 1 and a line that says so', async () => {
  const child = await start({ HOOK_MS: '60000', DEADLINE_MS: '300' });
  const begun = performance.now();
  const messages = await child.stop('SIGTERM');
  expect(performance.now() - begun).toBeLessThan(3_000);
  expect(child.exit()).toEqual({ code: 1, signal: null });
  expect(messages.at(-1)).toContain('did not shut down in time');
});

test.each(['throw', 'reject'])(
  'an error that nobody handles (%s) is logged and ends the process with exit code 1',
  async how => {
    const child = await start({ FAIL: how });
    await get(`${child.url}/fail`);
    await child.ended;
    expect(child.exit()).toEqual({ code: 1, signal: null });
    expect(child.lines.at(-1)).toMatchObject({ level: 'fatal', err: { message: 'nobody caught me' } });
  },
);

test('a strategy that cannot listen, or a port that is taken, ends the start with exit code 1', async () => {
  const failed = await start({ STRATEGY_FAILS: '1' }).catch((error: Error) => error);
  expect(String(failed)).toMatch(/exit code 1.*parcels could not start: no broker/s);
  const holder = createServer();
  await new Promise<void>(resolve => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  const taken = await start({ PORT: String(port) }).catch((error: Error) => error);
  holder.close();
  expect(String(taken)).toMatch(/exit code 1.*parcels could not start: listen EADDRINUSE/s);
});

test('a bad configuration is one line on stderr and exit code 1, before anything else', async () => {
  const failed = await start({ PORT: 'abc' }).catch((error: Error) => error);
  expect(String(failed)).toContain(
    'exit code 1: invalid configuration: PORT: expected a port number from 0 to 65535, got "abc"\n',
  );
  expect(String(failed).trim().split('\n')).toHaveLength(1);
});

async function start(env: Record<string, string>) {
  const file = join(mkdtempSync(join(tmpdir(), 'ballast-')), 'service.mjs');
  writeFileSync(file, service);
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const lines: Record<string, unknown>[] = [];
  let output = '';
  let rest = '';
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stdout.on('data', (bytes: Buffer) => {
    const [...complete] = (rest + bytes.toString()).split('\n');
    rest = complete.pop() ?? '';
    for (const line of complete) lines.push(JSON.parse(line) as Record<string, unknown>);
    output += bytes.toString();
  });
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()));
  const isReady = () => lines.find(line => /is ready at/.test(String(line['msg'])));
  while (isReady() === undefined) {
    if (child.exitCode !== null) {
      await ended;
      throw new Error(`exit code ${child.exitCode}: ${output}`);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return {
    process: child,
    lines,
    ended,
    url: String(isReady()?.['url']),
    exit: () => ({ code: child.exitCode, signal: child.signalCode }),
    stop: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await ended;
      return lines.map(line => String(line['msg']));
    },
  };
}

/** Whether messages that contain these words came in this order. */
function order(messages: readonly string[], words: readonly string[]): boolean {
  const places = words.map(word => messages.findIndex(message => message.includes(word)));
  return places.every((place, i) => place >= 0 && (i === 0 || place > (places[i - 1] ?? Infinity)));
}

function get(url: string) {
  return new Promise<{ status: number | undefined; body: unknown; retryAfter: unknown; connection: unknown }>(
    (resolve, reject) => {
      const call = request(url, answer => {
        let text = '';
        answer.on('data', (bytes: Buffer) => (text += bytes.toString()));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode,
            body: JSON.parse(text) as unknown,
            retryAfter: answer.headers['retry-after'],
            connection: answer.headers.connection,
          }),
        );
      });
      call.on('error', reject);
      call.end();
    },
  );
}

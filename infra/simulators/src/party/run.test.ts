import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, test } from 'vitest';

/* The simulators as processes, from the compiled package. */

const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

beforeAll(() => {
  const compiler = join(
    createRequire(import.meta.url).resolve('@typescript/native/package.json'),
    '../bin/tsc',
  );
  const compiled = spawnSync(process.execPath, [compiler, '-b', packageFolder]);
  expect(compiled.status, compiled.stdout.toString()).toBe(0);
});

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
});

async function start(entryPoint: 'card-gateway' | 'carrier', env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(packageFolder, 'dist', `${entryPoint}.js`)], {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      const [, found] = /"url":"([^"]+)"/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.on('exit', code => reject(new Error(`${entryPoint} ended with ${code}: ${output}`)));
  });
  return { child, url, ended };
}

const post = async (url: string, body: object, key: string) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const entries = async (url: string) =>
  ((await (await fetch(`${url}/journal`)).json()) as { entries: Record<string, unknown>[] }).entries;

test('a killed gateway knows its holds, captures and answers after a restart, also when its last line was cut short', async () => {
  const JOURNAL_FILE = join(mkdtempSync(join(tmpdir(), 'ballast-')), 'journals', 'card-gateway.jsonl');
  const first = await start('card-gateway', { JOURNAL_FILE });
  const held = await post(`${first.url}/holds`, { token: 'tok_a', amountCents: 500 }, 'h1');
  const other = await post(`${first.url}/holds`, { token: 'tok_capture_declined', amountCents: 700 }, 'h2');
  const captured = await post(`${first.url}/holds/${String(held.body['holdId'])}/capture`, {}, 'c1');
  await post(`${first.url}/holds`, { token: 'tok_a', amountCents: 500 }, 'h1');
  const before = await entries(first.url);
  first.child.kill('SIGKILL');
  await first.ended;
  appendFileSync(JOURNAL_FILE, '{"key":"h3","operation":"ho');

  const second = await start('card-gateway', { JOURNAL_FILE });
  expect(await entries(second.url)).toEqual(before);
  expect(await post(`${second.url}/holds`, { token: 'tok_a', amountCents: 500 }, 'h1')).toEqual(held);
  expect(await post(`${second.url}/holds/${String(held.body['holdId'])}/capture`, {}, 'c1')).toEqual(
    captured,
  );
  expect(await post(`${second.url}/holds/${String(held.body['holdId'])}/capture`, {}, 'c2')).toMatchObject({
    status: 402,
  });
  expect(await post(`${second.url}/holds/${String(other.body['holdId'])}/capture`, {}, 'c3')).toMatchObject({
    status: 402,
  });
  expect((await post(`${second.url}/holds`, { token: 'tok_b', amountCents: 1 }, 'h3')).status).toBe(201);
  second.child.kill('SIGTERM');
  await second.ended;
  expect(second.child.exitCode).toBe(0);

  const third = await start('card-gateway', { JOURNAL_FILE });
  expect((await entries(third.url)).map(entry => [entry['key'], entry['calls']])).toEqual([
    ['h1', 3],
    ['h2', 1],
    ['c1', 2],
    ['c2', 1],
    ['c3', 1],
    ['h3', 1],
  ]);
});

test('a party listens on loopback unless it is told otherwise, in production too', async () => {
  const { url } = await start('carrier', { NODE_ENV: 'production' });
  expect(new URL(url).hostname).toBe('127.0.0.1');
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  const outside = Object.values(networkInterfaces())
    .flat()
    .find(address => address?.family === 'IPv4' && !address.internal);
  if (outside !== undefined) {
    await expect(fetch(`http://${outside.address}:${new URL(url).port}/health/ready`)).rejects.toThrow(
      'fetch failed',
    );
  }
});

test('a party without a journal file forgets at a restart, and needs none', async () => {
  const { url } = await start('card-gateway');
  expect(await entries(url)).toEqual([]);
});

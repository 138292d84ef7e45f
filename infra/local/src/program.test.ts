import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Program } from './program.js';

test('a program that ends while it starts is reported with the end of its log', async () => {
  const program = await start("console.error('no such topic'); process.exit(3)");
  const waiting = program.waitUntil(() => Promise.resolve(false), { deadlineMs: 10_000 });
  await expect(waiting).rejects.toThrow(/exit code 3[^]*no such topic/);
});

test('a program that is not ready in time is reported', async () => {
  const program = await start('setInterval(() => {}, 1e6)');
  const waiting = program.waitUntil(() => Promise.resolve(false), { deadlineMs: 100 });
  await expect(waiting).rejects.toThrow('not ready after 0.1 s');
  await program.stop();
});

test('a program that does not stop is killed at its deadline', async () => {
  const program = await start(
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('deaf')",
  );
  await program.waitUntil(() => Promise.resolve(program.logTail().includes('deaf')), { deadlineMs: 10_000 });
  expect(await program.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(program.running).toBe(false);
});

test('a pid file is there for as long as the program runs', async () => {
  const program = await start('setInterval(() => {}, 1e6)');
  const file = join(program.logFile, '../pid.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    pid: program.pid,
    marker: 'mark',
    name: 'program',
  });
  program.kill('SIGKILL');
  await program.exited;
  expect(existsSync(file)).toBe(false);
  expect(program.kill('SIGKILL')).toBe(false);
});

test('a command that does not exist is an error, not a crash', async () => {
  await expect(start('', { command: '/no/such/java' })).rejects.toThrow('could not start program');
});

function start(code: string, { command = process.execPath } = {}): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), 'ballast-program-'));
  return Program.start({
    name: 'program',
    command,
    args: ['-e', code, 'mark'],
    env: process.env,
    logFile: join(directory, 'log'),
    pidFile: join(directory, 'pid.json'),
    marker: 'mark',
    stopSignal: 'SIGTERM',
    stopDeadlineMs: 300,
  });
}

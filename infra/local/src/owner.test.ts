import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { commandLineOf } from './command-line.js';
import { AlreadyOwned, currentProcess, ownerIn, takeLock } from './owner.js';

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'ballast-lock-')), 'lock.json');
});

test('two starters at once: one gets the lock, the other is told who has it', async () => {
  const [one, other] = await Promise.allSettled([takeLock(file), takeLock(file)]);
  expect([one.status, other.status].sort()).toEqual(['fulfilled', 'rejected']);
  const refused = [one, other].find(result => result.status === 'rejected');
  expect(refused?.reason).toBeInstanceOf(AlreadyOwned);
  expect((refused?.reason as AlreadyOwned).owner.pid).toBe(process.pid);
});

test('the lock of a process that was killed is taken over', async () => {
  const owner = await anotherProcess();
  writeFileSync(file, JSON.stringify({ pid: owner.pid, commandLine: owner.commandLine }));
  await expect(takeLock(file)).rejects.toThrow(AlreadyOwned);
  await owner.kill();
  await takeLock(file);
  expect(ownerIn(file)?.pid).toBe(process.pid);
});

test('a process that was given the pid of a killed owner does not count as the owner', async () => {
  const stranger = await anotherProcess();
  writeFileSync(file, JSON.stringify({ pid: stranger.pid, commandLine: 'node start.js' }));
  await takeLock(file);
  await stranger.kill();
});

test('a predecessor with our own pid, as after a restart of the machine, does not lock us out', async () => {
  writeFileSync(file, JSON.stringify(currentProcess()));
  const lock = await takeLock(file);
  lock.giveBack();
  expect(existsSync(file)).toBe(false);
});

test('a lock that names nobody is taken over', async () => {
  writeFileSync(file, '');
  await takeLock(file);
});

test('an owner that is stopping is waited for', async () => {
  const owner = await anotherProcess();
  writeFileSync(file, JSON.stringify({ pid: owner.pid, commandLine: owner.commandLine, stopping: true }));
  const taking = takeLock(file);
  await owner.kill();
  await taking;
  expect(ownerIn(file)).toEqual(currentProcess());
});

test('a stopping owner says so, and is not waited for endlessly', async () => {
  const lock = await takeLock(file);
  lock.stopping();
  expect(ownerIn(file)?.stopping).toBe(true);
  await expect(takeLock(file, { patienceMs: 100 })).rejects.toThrow(AlreadyOwned);
  lock.giveBack();
  await takeLock(file);
});

async function anotherProcess() {
  const child = spawn(process.execPath, ['-e', "setInterval(() => {}, 1e6); console.log('up')"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  return {
    pid,
    commandLine: commandLineOf(pid),
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

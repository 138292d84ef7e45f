import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { withPreparationLock } from './lock.mjs';

let root;
let file;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ballast lock '));
  mkdirSync(join(root, '.local'));
  file = join(root, '.local/preparing.pid');
});

test('whoever installs or builds in the same clone is waited for, and that is said once', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => {});
  const other = spawn(process.execPath, ['-e', "setInterval(() => {}, 1e6); console.log('up')"]);
  await once(other.stdout, 'data');
  writeFileSync(file, String(other.pid));
  let begun = false;
  const working = withPreparationLock(root, async () => {
    begun = true;
  });
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(begun).toBe(false);
  other.kill('SIGKILL');
  await working;
  expect(said.mock.calls).toEqual([
    [`Waiting for process ${other.pid}, which installs or builds in this folder`],
  ]);
  said.mockRestore();
});

test.each([
  ['of a process that has ended', '4194305'],
  ['of a predecessor with our own pid', String(process.pid)],
  ['that names nobody', ''],
])('a lock %s is taken over', async (_, content) => {
  writeFileSync(file, content);
  expect(await withPreparationLock(root, async () => 'worked')).toBe('worked');
  expect(existsSync(file)).toBe(false);
});

test('the lock is given back when the work fails', async () => {
  await expect(withPreparationLock(root, () => Promise.reject(new Error('no disk')))).rejects.toThrow(
    'no disk',
  );
  expect(existsSync(file)).toBe(false);
});

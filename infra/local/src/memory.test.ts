import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { residentMegabytes } from './memory.js';

test("a process's memory is counted together with that of all that it started, once", async () => {
  const alone = residentMegabytes([process.pid]);
  expect(alone).toBeGreaterThan(20);
  const child = spawn(
    process.execPath,
    ['-e', "globalThis.b = Buffer.alloc(100 << 20, 1); console.log('up'); setInterval(() => {}, 1e6)"],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await once(child.stdout, 'data');
  const together = residentMegabytes([process.pid]);
  expect(together).toBeGreaterThan(alone + 100);
  expect(residentMegabytes([process.pid, child.pid ?? 0])).toBeLessThan(together + 100);
  child.kill('SIGKILL');
});

test('processes that have ended hold nothing', () => {
  expect(residentMegabytes([2 ** 22 + 1])).toBe(0);
});

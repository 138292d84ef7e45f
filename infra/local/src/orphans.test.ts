import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandLineOf } from './command-line.js';
import { endOrphans, type PidRecord } from './orphans.js';

let pids: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  pids = mkdtempSync(join(tmpdir(), 'ballast-pids-'));
});
afterEach(() => started.splice(0).forEach(child => child.kill('SIGKILL')));

test('what an earlier start left running is ended', async () => {
  const order = await aProcess('mark#order');
  const kafka = await aProcess('mark#kafka');
  remember({ name: 'order', pid: order.pid, marker: 'mark#order' });
  remember({ name: 'kafka', pid: kafka.pid, marker: 'mark#kafka' });
  expect(await endOrphans(pids)).toEqual(['kafka', 'order']);
  expect([commandLineOf(order.pid), commandLineOf(kafka.pid)]).toEqual([null, null]);
  expect(existsSync(pids)).toBe(false);
});

test('a stranger that was given the pid since is left alone', async () => {
  const stranger = await aProcess('someone#else');
  remember({ name: 'order', pid: stranger.pid, marker: 'mark#order' });
  expect(await endOrphans(pids)).toEqual([]);
  expect(commandLineOf(stranger.pid)).toContain('someone#else');
});

test('one that ignores the signal is killed', async () => {
  const deaf = await aProcess('mark#deaf', "process.on('SIGTERM', () => {});");
  remember({ name: 'deaf', pid: deaf.pid, marker: 'mark#deaf' });
  expect(await endOrphans(pids, { deadlineMs: 200 })).toEqual(['deaf']);
  expect(commandLineOf(deaf.pid)).toBeNull();
});

test('one that was stopped is woken to end', async () => {
  const frozen = await aProcess('mark#frozen');
  process.kill(frozen.pid, 'SIGSTOP');
  remember({ name: 'frozen', pid: frozen.pid, marker: 'mark#frozen' });
  expect(await endOrphans(pids)).toEqual(['frozen']);
});

test('services end before the servers that they work on', async () => {
  // Each says so itself: when several have ended at once, their parent hears of them in any order.
  const diary = join(mkdtempSync(join(tmpdir(), 'ballast-diary-')), 'diary');
  for (const name of ['postgres', 'order', 'kafka', 'payment']) {
    const atItsEnd = `require('fs').appendFileSync(${JSON.stringify(diary)}, '${name} '); process.exit();`;
    const child = await aProcess(`mark#${name}`, `process.on('SIGTERM', () => { ${atItsEnd} });`);
    remember({ name, pid: child.pid, marker: `mark#${name}` });
  }
  await endOrphans(pids);
  const ended = readFileSync(diary, 'utf8').trim().split(' ');
  expect(ended).toHaveLength(4);
  expect(ended.slice(0, 2).sort()).toEqual(['order', 'payment']);
});

test('a pid file that was cut short, or that names no marker, names nobody', async () => {
  const child = await aProcess('mark#order');
  writeFileSync(join(pids, 'cut.json'), '{"pid":');
  remember({ name: 'order', pid: child.pid, marker: '' });
  expect(await endOrphans(pids)).toEqual([]);
  expect(commandLineOf(child.pid)).toContain('mark#order');
});

test('without an earlier start there is nothing to end', async () => {
  expect(await endOrphans(join(pids, 'none'))).toEqual([]);
});

function remember(record: Omit<PidRecord, 'stopSignal'>): void {
  const stopSignal = 'SIGTERM';
  writeFileSync(join(pids, `${record.name}.json`), JSON.stringify({ ...record, stopSignal }));
}

async function aProcess(argument: string, code = ''): Promise<ChildProcess & { pid: number }> {
  const script = `${code} setInterval(() => {}, 1e6); console.log('up');`;
  const child = spawn(process.execPath, ['-e', script, argument], { stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  await once(child.stdout, 'data');
  return child as ChildProcess & { pid: number };
}

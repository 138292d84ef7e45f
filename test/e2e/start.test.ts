import { cloneRoot, newRunDirectory, removeRunDirectory } from '@ballast/local';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

const directory = await newRunDirectory();
const running: Start[] = [];
afterEach(async () => {
  for (const start of running.splice(0)) await start.end();
});
afterAll(() => removeRunDirectory(directory));

describe('npm start', () => {
  test('after a kill -9 the next start ends what was left, goes on with the same data and reports on every case', async () => {
    const first = start('--replicas', '2');
    await first.prints('Everything stays up until Ctrl-C');

    const second = start('--once');
    expect(await second.exitCode()).toBe(1);
    expect(second.output()).toContain(`This clone is running already, as process ${first.mainPid()}`);

    process.kill(first.mainPid(), 'SIGKILL');
    expect(await first.exitCode()).toBe(137);
    expect(processesOf(directory)).toHaveLength(2 + 2 + 2 * 5);

    const file = join(directory, 'summary.json');
    const third = start('--once', '--json', file);
    expect(await third.exitCode()).toBe(0);
    expect(third.output()).toMatch(/Ended what an earlier start had left running: .*kafka.*order, order-2/);
    expect(processesOf(directory)).toEqual([]);
    expect(leftFiles(join(directory, 'pids'))).toEqual([]);

    const summary = JSON.parse(readFileSync(file, 'utf8'));
    expect(summary.readyMs).toBeGreaterThan(0);
    expect(summary.firstOrderMs).toBeGreaterThan(summary.readyMs);
    expect(summary.residentMb).toBeLessThan(2_000);
    const completed = ['COMPLETED', null, []];
    const cancelled = (reason: string, undone: readonly string[]) => ['CANCELLED', reason, undone];
    const inSaga = [
      ['wallet', ...completed],
      ['card', ...completed],
      ['out-of-stock', ...cancelled('OUT_OF_STOCK', [])],
      ['insufficient-funds', ...cancelled('INSUFFICIENT_FUNDS', ['reserve stock'])],
      ['card-declined', ...cancelled('CARD_DECLINED', ['reserve stock'])],
      ['address-not-served', ...cancelled('ADDRESS_NOT_SERVED', ['reserve stock', 'authorize payment'])],
      ['cancelled-by-customer', ...cancelled('CANCELLED', ['reserve stock', 'authorize payment'])],
    ];
    const expected = {
      orchestrated: inSaga,
      choreographed: inSaga,
      tcc: [
        ['wallet', ...completed],
        ['card', ...completed],
        ['out-of-stock', ...cancelled('OUT_OF_STOCK', ['payment', 'shipping'])],
        ['insufficient-funds', ...cancelled('INSUFFICIENT_FUNDS', ['inventory', 'shipping'])],
        ['card-declined', ...cancelled('CARD_DECLINED', ['inventory', 'shipping'])],
        ['address-not-served', ...cancelled('ADDRESS_NOT_SERVED', ['inventory', 'payment'])],
        ['cancelled-by-customer', ...cancelled('CANCELLED', ['inventory', 'payment', 'shipping'])],
      ],
      'two-phase': [
        ['wallet', ...completed],
        ['out-of-stock', ...cancelled('OUT_OF_STOCK', ['order', 'payment', 'shipping'])],
        ['insufficient-funds', ...cancelled('INSUFFICIENT_FUNDS', ['order', 'inventory', 'shipping'])],
        ['address-not-served', ...cancelled('ADDRESS_NOT_SERVED', ['order', 'inventory', 'payment'])],
      ],
    };
    for (const [protocol, outcomes] of Object.entries(expected)) {
      const orders = summary.orders.filter((order: { protocol: string }) => order.protocol === protocol);
      expect([protocol, orders.map(outcomeOf)]).toEqual([protocol, outcomes]);
    }
    for (const order of summary.orders) {
      expect(order).toMatchObject({ id: expect.any(String), durationMs: expect.any(Number) });
    }
    expect(summary.invariants.length).toBeGreaterThan(4);
    for (const invariant of summary.invariants) expect(invariant).toMatchObject({ holds: true });
    const curl = /curl -s (http:\S+\/orders\/\S+)/.exec(third.output());
    expect(curl?.[1]).toContain(summary.orders[0].id);
  });

  test('a signal to the starter alone stops everything, also during the start', async () => {
    const begun = start();
    await begun.prints('Start Kafka');
    begun.kill('SIGTERM');
    expect(await begun.exitCode()).toBe(130);
    expect(processesOf(directory)).toEqual([]);
  });

  test('Ctrl-C stops everything; the starter ends last, with exit code 0', async () => {
    const up = start();
    await up.prints('Everything stays up until Ctrl-C');
    const example = /curl -si (\S+) -H '(\S+): (\S+)' -d '(.*)'/.exec(up.output());
    const [, url = '', name = '', value = '', body = ''] = example ?? [];
    const placed = await fetch(url, { method: 'POST', headers: { [name]: value }, body });
    expect(placed.status).toBe(202);
    up.ctrlC();
    expect(await up.exitCode()).toBe(0);
    expect(processesOf(directory)).toEqual([]);
  });

  test.each([
    [['--replicas', '0'], '--replicas'],
    [['--json', 'no/such/folder/out.json'], '--json'],
    [['--forever'], '--forever'],
  ])('%j is refused before anything is started', async (args, said) => {
    const wrong = start(...args);
    expect(await wrong.exitCode()).toBe(2);
    expect(wrong.output()).toContain(said);
    expect(wrong.output()).toContain('npm start -- [--once]');
  });
});

interface Start {
  /** Resolves once its output contains the text. */
  prints(text: string): Promise<void>;
  exitCode(): Promise<number | null>;
  output(): string;
  /** The process that started the others; its own starter waits for it. */
  mainPid(): number;
  kill(signal: NodeJS.Signals): void;
  /** As in a terminal: every process of the foreground group gets it. */
  ctrlC(): void;
  /** Whatever a failed test has left. */
  end(): Promise<void>;
}

/** `npm start` without npm, with data of its own, and on no servers of the test run's. */
function start(...args: string[]): Start {
  const { KAFKA_BROKERS: _, ...env } = process.env;
  const child = spawn(process.execPath, [join(cloneRoot, 'infra/local/bootstrap.mjs'), 'start', ...args], {
    cwd: cloneRoot,
    env: { ...env, BALLAST_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += String(text)));
  const exited = once(child, 'close') as Promise<[number | null]>;
  const started: Start = {
    output: () => output,
    exitCode: async () => (await exited)[0],
    async prints(text) {
      await expect
        .poll(() => output.includes(text) || child.exitCode !== null, { timeout: 90_000, interval: 50 })
        .toBe(true);
      expect(output).toContain(text);
    },
    mainPid: () => JSON.parse(readFileSync(join(directory, 'lock.json'), 'utf8')).pid as number,
    kill: signal => void child.kill(signal),
    ctrlC: () => void process.kill(-(child.pid ?? 0), 'SIGINT'),
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
  running.push(started);
  return started;
}

/** The pids of what was started there and still runs, by its command line. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    const commandLine = read(`/proc/${pid}/cmdline`);
    return ['#', '/kafka', '/postgres/data'].some(end => commandLine.includes(`${folder}${end}`));
  });
}

const leftFiles = (folder: string): string[] => readdirSync(folder);

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const outcomeOf = (order: { case: string; status: string; reason: string | null; undone: string[] }) => [
  order.case,
  order.status,
  order.reason,
  order.undone,
];

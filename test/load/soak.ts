import { startStack, stateDirectory } from '@ballast/local';
import { commandArguments } from '@ballast/local/arguments';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeResult } from '../command/result.js';
import { runCommand } from '../command/run-command.js';
import { Load } from './load.js';
import { referenceWorkMs } from './machine-speed.js';
import { OrderClient } from './order-client.js';
import { aShop, orderSource } from './orders.js';
import { seed } from './seed.js';
import { soakArguments, usage, type SoakArguments } from './soak-arguments.js';
import { judge, type Sample, type SoakVerdict } from './soak-verdict.js';
import { books, TableSizes } from './table-sizes.js';

/** Everything that is purged is kept for so long that the purge has to keep up with the orders during the run. */
const horizonMs = 30_000;
const retention = {
  ORDER_TIMEOUT_MS: '20000',
  INBOX_HORIZON_MS: String(horizonMs),
  ORDER_STATE_RETENTION_MS: String(horizonMs),
  IDEMPOTENCY_KEY_RETENTION_MS: String(horizonMs),
  DEAD_LETTER_RETENTION_MS: String(horizonMs),
  PURGE_INTERVAL_MS: '1000',
};
/** The inbox's buckets hold some seconds each, and go as a whole. */
const keptMs = horizonMs + 25_000;
const sampleMs = 1_000;
const progressMs = 10_000;

const options = commandArguments(usage, soakArguments);
await runCommand(main);

async function main(signal: AbortSignal): Promise<number> {
  const samples = await soak(options, signal);
  const verdict = judge(samples, keptMs);
  console.log(`${sizesText(samples)}\n\n${verdictText(verdict)}`);
  writeResult(options.json, { orders: options.orders, ...verdict, samples });
  return verdict.verdict === 'flat' ? 0 : 1;
}

async function soak(options: SoakArguments, signal: AbortSignal): Promise<readonly Sample[]> {
  const directory = join(stateDirectory, 'soak');
  rmSync(directory, { recursive: true, force: true });
  console.error('starting the stack');
  const stack = await startStack({
    signal,
    directory,
    environment: { ...retention, LOG_LEVEL: 'warn' },
  });
  const client = new OrderClient(stack.urls.order, 64, `soak-${Date.now()}`);
  const tables = new TableSizes(stack.databaseUrls);
  try {
    const shop = aShop(new Date().toISOString().slice(0, 10));
    await seed(stack, shop);
    const { through, inFlight, orders } = options;
    const load = new Load(client, { through, inFlight, rate: null, nextOrder: orderSource(shop, 1) });
    return await samplesOf(load, tables, orders);
  } finally {
    await Promise.all([client.close(), tables.close()]);
    await stack.stop();
  }
}

async function samplesOf(load: Load, tables: TableSizes, orders: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const startedAtMs = performance.now();
  let toldAtMs = startedAtMs;
  load.start();
  while (load.endings.length < orders && load.failure === null) {
    const sample = {
      atMs: performance.now() - startedAtMs,
      ended: load.endings.length,
      sizes: await tables.read(),
      referenceMs: referenceWorkMs(),
    };
    samples.push(sample);
    if (performance.now() - toldAtMs >= progressMs) {
      toldAtMs = performance.now();
      console.error(progressText(samples));
    }
    await sleep(sampleMs);
  }
  samples.push({
    atMs: performance.now() - startedAtMs,
    ended: load.endings.length,
    sizes: await tables.read(),
    referenceMs: referenceWorkMs(),
  });
  await load.stop();
  const cancelled = load.endings.filter(({ completed }) => !completed).length;
  if (cancelled > 0)
    throw new Error(
      `${cancelled} of ${load.endings.length} orders were cancelled: the load is not what it says`,
    );
  return samples;
}

function progressText(samples: readonly Sample[]): string {
  const [before, now] = [samples[Math.max(0, samples.length - 1 - progressMs / sampleMs)]!, samples.at(-1)!];
  const perSecond = ((now.ended - before.ended) * 1_000) / Math.max(1, now.atMs - before.atMs);
  const purged = Object.entries(now.sizes).filter(([table]) => !books.has(table));
  const bytes = purged.reduce((sum, [, size]) => sum + size, 0);
  return `${Math.round(now.atMs / 1_000)} s: ${now.ended} orders, ${Math.round(perSecond)}/s, ${megabytes(bytes)} MB in what is purged`;
}

/** Every table that is larger than a few pages, at the end of each fifth of the run. */
function sizesText(samples: readonly Sample[]): string {
  const last = samples.at(-1)!;
  const at = [0.2, 0.4, 0.6, 0.8, 1].map(share => samples.findLast(({ atMs }) => atMs <= last.atMs * share)!);
  const row = (name: string, cells: readonly (string | number)[]) =>
    `${name.padEnd(34)}${cells.map(cell => String(cell).padStart(10)).join('')}`;
  const tables = Object.keys(last.sizes).filter(table =>
    at.some(({ sizes }) => (sizes[table] ?? 0) > 131_072),
  );
  return [
    row(
      'seconds',
      at.map(({ atMs }) => Math.round(atMs / 1_000)),
    ),
    row(
      'orders',
      at.map(({ ended }) => ended),
    ),
    ...tables
      .sort((a, b) => Number(books.has(a)) - Number(books.has(b)) || a.localeCompare(b))
      .map(table =>
        row(
          `${table}${books.has(table) ? ' (kept)' : ''}, MB`,
          at.map(({ sizes }) => megabytes(sizes[table] ?? 0)),
        ),
      ),
  ].join('\n');
}

function verdictText({ verdict, reason, checks, machine }: SoakVerdict): string {
  const total = checks.filter(({ what }) => what === 'orders/s' || what === 'all purged tables');
  return [
    ...total.map(({ what, second, last }) =>
      what === 'orders/s'
        ? `orders/s: ${second} in the second fifth, ${last} in the last, on a machine ${machine.toFixed(2)} times as quick`
        : `${what}: ${megabytes(second)} MB on average in the second fifth, ${megabytes(last)} MB in the last`,
    ),
    reason === null
      ? 'flat: within a tenth after the first fifth'
      : `${verdict}: ${reason.replace(`${verdict}: `, '')}`,
  ].join('\n');
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

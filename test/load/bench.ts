import { allTopics } from '@ballast/contracts';
import { type Stack, startStack, stateDirectory } from '@ballast/local';
import { commandArguments } from '@ballast/local/arguments';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchArguments, usage } from './bench-arguments.js';
import { machine, writeResult } from '../command/result.js';
import { runCommand } from '../command/run-command.js';
import { Load } from './load.js';
import { Meter, type Reading } from './meter.js';
import { OrderClient } from './order-client.js';
import { aShop, orderSource, type Shop } from './orders.js';
import { seed } from './seed.js';

/** One line of the result: a load, held for a while on a warm stack. */
interface Run {
  readonly through: 'http' | 'batch';
  readonly inFlight: number;
  readonly batchMax: number;
  readonly rate: number | null;
  readonly ordersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly messagesPerOrder: number;
  readonly transactionsPerOrder: number;
  readonly cpuMsPerOrder: Record<string, number>;
}

/** Compilers of both kinds, caches and the databases' first pages need it on a small machine. */
const warmUpMs = 15_000;
const options = commandArguments(usage, benchArguments);

await runCommand(bench);

async function bench(signal: AbortSignal): Promise<number> {
  const runs: Run[] = [];
  for (const batchMax of options.batchMax) {
    process.stderr.write(`starting the stack with passes of up to ${batchMax} messages\n`);
    // A database of its own each time: a used one is larger, and slower or faster for it.
    const directory = join(stateDirectory, 'bench');
    rmSync(directory, { recursive: true, force: true });
    const stack = await startStack({
      directory,
      environment: { BATCH_MAX: String(batchMax), LOG_LEVEL: 'warn' },
      signal,
    });
    try {
      const shop = aShop(new Date().toISOString().slice(0, 10));
      await seed(stack, shop);
      for (const through of options.through) {
        for (const inFlight of options.inFlight)
          runs.push(await measure(stack, shop, { through, inFlight, batchMax }, runs.length + 1));
      }
    } finally {
      await stack.stop();
    }
  }
  process.stdout.write(`${machine}\n${table(runs)}\n`);
  writeResult(options.json, { machine, runs });
  return 0;
}

async function measure(
  stack: Stack,
  shop: Shop,
  { through, inFlight, batchMax }: Pick<Run, 'through' | 'inFlight' | 'batchMax'>,
  /** Each run has orders of its own. */
  ordersSeed: number,
): Promise<Run> {
  process.stderr.write(`${through}, ${inFlight} in flight, passes of up to ${batchMax}: warming up`);
  const client = new OrderClient(stack.urls.order, 64, `bench-${Date.now()}`);
  const meter = new Meter({
    processes: [...stack.processes, { name: 'client', pid: process.pid, alone: true }],
    databaseUrls: Object.values(stack.databaseUrls),
    brokers: stack.brokers,
    topics: allTopics,
  });
  const load = new Load(client, {
    through,
    inFlight,
    rate: options.rate,
    nextOrder: orderSource(shop, ordersSeed),
  });
  try {
    load.start();
    await sleep(warmUpMs);
    process.stderr.write(`, measuring for ${options.seconds} s\n`);
    const [before, fromMs] = [await meter.read(), performance.now()];
    await sleep(options.seconds * 1_000);
    const [after, toMs] = [await meter.read(), performance.now()];
    await load.stop();
    const endings = load.endings.filter(({ endedAtMs }) => endedAtMs >= fromMs && endedAtMs < toMs);
    const failed = endings.filter(({ completed }) => !completed).length;
    if (failed > 0)
      throw new Error(`${failed} of ${endings.length} orders were cancelled: the load is not what it says`);
    if (endings.length === 0) throw new Error('no order ended while it was measured');
    return {
      through,
      inFlight,
      batchMax,
      rate: options.rate,
      ordersPerSecond: round((endings.length * 1_000) / (toMs - fromMs)),
      ...percentiles(endings.map(({ durationMs }) => durationMs)),
      ...perOrder(before, after, endings.length),
    };
  } finally {
    await client.close();
    await meter.close();
  }
}

function percentiles(durations: number[]): Pick<Run, 'p50Ms' | 'p99Ms'> {
  const sorted = durations.sort((a, b) => a - b);
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

function perOrder(before: Reading, after: Reading, orders: number) {
  return {
    messagesPerOrder: round((after.messages - before.messages) / orders),
    transactionsPerOrder: round((after.transactions - before.transactions) / orders, 3),
    cpuMsPerOrder: Object.fromEntries(
      [...after.cpuMs].map(([name, ms]) => [name, round((ms - (before.cpuMs.get(name) ?? 0)) / orders, 3)]),
    ),
  };
}

function table(lines: readonly Run[]): string {
  return lines
    .map(run => {
      const cpu = Object.entries(run.cpuMsPerOrder).sort(([, a], [, b]) => b - a);
      const total = round(
        cpu.reduce((sum, [, ms]) => sum + ms, 0),
        2,
      );
      return [
        `${run.through}, ${run.inFlight} in flight${run.rate === null ? '' : ` at ${run.rate}/s`}, passes of up to ${run.batchMax}:`,
        `  ${run.ordersPerSecond} orders/s, p50 ${run.p50Ms} ms, p99 ${run.p99Ms} ms,`,
        `  ${run.messagesPerOrder} messages and ${run.transactionsPerOrder} transactions per order,`,
        `  ${total} ms CPU per order: ${cpu.map(([name, ms]) => `${name} ${ms}`).join(', ')}`,
      ].join('\n');
    })
    .join('\n');
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

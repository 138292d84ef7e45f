import { serviceNames } from '@ballast/contracts';
import { newRunDirectory, removeRunDirectory, startStack, type Stack } from '@ballast/local';
import { commandArguments } from '@ballast/local/arguments';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeResult } from '../command/result.js';
import { runCommand } from '../command/run-command.js';
import { randomOf } from '../load/random.js';
import { judge } from '../invariants/judge.js';
import { reportOf } from '../invariants/report.js';
import { Customer, fillShop, tenthRefused } from './mixed-orders.js';
import { type StormArguments, stormArguments, usage } from './storm-arguments.js';

const options = commandArguments(usage, stormArguments);
await runCommand(storm);

async function storm(signal: AbortSignal): Promise<number> {
  const directory = await newRunDirectory();
  const stack = await startStack({
    directory,
    replicas: options.replicas,
    outside: { databaseUrls: {} },
    environment: { LOG_LEVEL: 'warn', ORDER_TIMEOUT_MS: '120000' },
    signal,
  });
  const customer = new Customer(stack, options.protocols);
  try {
    await fillShop(stack);
    const begunAtMs = performance.now();
    const killing = killFrom(stack, options, signal);
    await placeAll(customer, options, signal);
    const kills = await killing.stop();
    const seconds = Math.round((performance.now() - begunAtMs) / 1_000);
    const { acknowledged } = customer;
    process.stdout.write(
      `${acknowledged.length} orders ended in ${seconds} s, through ${kills.length} kills (seed ${options.seed})\n`,
    );
    const check = await judge(stack, { acknowledged, faults: kills.length, limits: { faultsMin: 1 } });
    process.stdout.write(`${reportOf(check)}\n`);
    const { seed, protocols, json } = options;
    writeResult(json, { seed, protocols, orders: acknowledged.length, seconds, kills, check });
    return { valid: 0, invalid: 1, unknown: 2 }[check.verdict];
  } finally {
    await customer.close();
    await stack.stop();
    removeRunDirectory(directory);
  }
}

/** Keeps so many orders under way until all have been placed and have ended. */
async function placeAll(
  customer: Customer,
  { orders, inFlight }: StormArguments,
  signal: AbortSignal,
): Promise<void> {
  let placed = 0;
  const lanes = Array.from({ length: Math.ceil(inFlight / 50) }, async () => {
    while (placed < orders) {
      signal.throwIfAborted();
      const count = Math.min(50, orders - placed);
      placed += count;
      await customer.awaitEnds(await customer.place(count, tenthRefused), 180_000);
      process.stderr.write(`\r${customer.acknowledged.length} of ${orders} orders`);
    }
  });
  await Promise.all(lanes);
  process.stderr.write('\n');
}

/** Kills one process after the other, chosen by the seed, and starts each again at once. */
function killFrom(stack: Stack, { seed, killEveryMs, servers }: StormArguments, signal: AbortSignal) {
  const random = randomOf(seed);
  const kills: { name: string; atMs: number }[] = [];
  const stopped = new AbortController();
  const killing = (async () => {
    for (;;) {
      await sleep(killEveryMs * (0.5 + random()), null, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted || signal.aborted) return kills;
      const units = stack.units.filter(({ name }) => isService(name) || (servers && isServer(name)));
      const unit = units[Math.floor(random() * units.length)]!;
      kills.push({ name: unit.name, atMs: Math.round(performance.now()) });
      await unit.kill('SIGKILL');
      await unit.start();
    }
  })();
  return {
    stop: () => {
      stopped.abort();
      return killing;
    },
  };
}

function isServer(name: string): boolean {
  return name === 'kafka' || name === 'postgres';
}

function isService(name: string): boolean {
  return serviceNames.some(service => name === service || name.startsWith(`${service}-`));
}

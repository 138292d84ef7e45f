import { newRunDirectory, removeRunDirectory, startStack, stopSignals } from '@ballast/local';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judge } from '../invariants/judge.js';
import { reportOf } from '../invariants/report.js';
import { crashAt, crashEnvironment, crashPoints } from './crash-points.js';
import { Customer, fillShop } from './mixed-orders.js';

const usage = `npm run test:crash -- [--only WORD] [--orders 50] [--json FILE]
  --only    the crash points whose service or moment contains the word
  --orders  placed around each crash
  --json    writes { crashes: [{ service, moment, orders, restartMs, endedMs }], check } to this file too`;

const { only, orders, json } = parsedArguments();
const points = crashPoints.filter(({ service, moment }) => `${service} ${moment}`.includes(only));
const signal = stopSignals();
const directory = await newRunDirectory();
const stack = await startStack({
  directory,
  durable: true,
  outside: { databaseUrls: {} },
  signal,
  environment: { LOG_LEVEL: 'warn', ...crashEnvironment(directory) },
});
const customer = new Customer(stack);
try {
  await fillShop(stack);
  const crashes = [];
  let failed = false;
  for (const [index, point] of points.entries()) {
    signal.throwIfAborted();
    const title = `${String(index + 1).padStart(2)}/${points.length} ${point.service.padEnd(13)} ${point.moment.padEnd(18)}`;
    try {
      const begunAtMs = performance.now();
      const { orderIds, restartMs } = await crashAt(stack, customer, point, orders);
      await customer.awaitEnds(orderIds);
      const endedMs = Math.round(performance.now() - begunAtMs);
      crashes.push({ ...point, orders: orderIds.length, restartMs, endedMs });
      process.stdout.write(
        `✔ ${title} ready again after ${(restartMs / 1_000).toFixed(1)} s, all ${orderIds.length} ended after ${(endedMs / 1_000).toFixed(1)} s\n`,
      );
    } catch (error) {
      failed = true;
      process.stdout.write(`✘ ${title} ${(error as Error).message}\n`);
    }
  }
  const { acknowledged } = customer;
  const judgement = await judge(stack, {
    acknowledged,
    faults: crashes.length,
    limits: { faultsMin: points.length },
  });
  process.stdout.write(
    `\n${crashes.length} crashes, ${acknowledged.length} orders\n${reportOf(judgement)}\n`,
  );
  if (json !== undefined) {
    const file = resolve(process.env['BALLAST_CALLED_FROM'] ?? '.', json);
    writeFileSync(file, `${JSON.stringify({ crashes, check: judgement }, null, 2)}\n`);
  }
  process.exitCode = !failed && judgement.verdict === 'valid' ? 0 : 1;
} finally {
  await customer.close();
  await stack.stop();
  removeRunDirectory(directory);
}

function parsedArguments(): { only: string; orders: number; json?: string | undefined } {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string', default: '' },
        orders: { type: 'string', default: '50' },
        json: { type: 'string' },
      },
    });
    const count = Number(values.orders);
    if (!Number.isInteger(count) || count < 1) throw new Error(`--orders ${values.orders} is not a number`);
    return { only: values.only, orders: count, json: values.json };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return process.exit(2);
  }
}

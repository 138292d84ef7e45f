import { newRunDirectory, removeRunDirectory, startStack } from '@ballast/local';
import { commandArguments } from '@ballast/local/arguments';
import { writeResult } from '../command/result.js';
import { runCommand } from '../command/run-command.js';
import { judge } from '../invariants/judge.js';
import { reportOf } from '../invariants/report.js';
import { crashArguments, usage } from './crash-arguments.js';
import { crashAt, crashEnvironment } from './crash-points.js';
import { Customer, fillShop } from './mixed-orders.js';

const { points, orders, protocols, json } = commandArguments(usage, crashArguments);
await runCommand(crashEverywhere);

async function crashEverywhere(signal: AbortSignal): Promise<number> {
  const directory = await newRunDirectory();
  const stack = await startStack({
    directory,
    durable: true,
    outside: { databaseUrls: {} },
    signal,
    environment: { LOG_LEVEL: 'warn', ...crashEnvironment(directory) },
  });
  const customer = new Customer(stack, protocols);
  try {
    await fillShop(stack);
    const crashes = [];
    let failed = false;
    for (const [index, point] of points.entries()) {
      signal.throwIfAborted();
      const title = `${String(index + 1).padStart(2)}/${points.length} ${point.service.padEnd(13)} ${point.moment.padEnd(18)}`;
      try {
        const begunAtMs = performance.now();
        const { orderIds, inFlight, restartMs } = await crashAt(stack, customer, point, orders);
        await customer.awaitEnds(orderIds);
        const endedMs = Math.round(performance.now() - begunAtMs);
        crashes.push({ ...point, orders: orderIds.length, inFlight, restartMs, endedMs });
        process.stdout.write(
          `✔ ${title} ${inFlight} in flight, ready again after ${(restartMs / 1_000).toFixed(1)} s, all ${orderIds.length} ended after ${(endedMs / 1_000).toFixed(1)} s\n`,
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
    writeResult(json, { crashes, check: judgement });
    return !failed && judgement.verdict === 'valid' ? 0 : 1;
  } finally {
    await customer.close();
    await stack.stop();
    removeRunDirectory(directory);
  }
}

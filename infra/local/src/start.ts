import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandArguments } from './arguments.js';
import { AlreadyOwned } from './owner.js';
import { startDirectory } from './places.js';
import type { Exit } from './program.js';
import { showProgress } from './progress.js';
import { placeSampleOrders } from './sample/sample.js';
import { startArguments, usage, type StartArguments } from './start-arguments.js';
import { startStack, type Stack } from './stack.js';
import { StoppedBySignal, stopSignals } from './stop-signals.js';
import type { Unit } from './unit.js';
import { isGood, summarise, summaryText } from './summary.js';

/** Where people look first; others are taken when one of these is not free. */
const wantedPorts = {
  order: 4001,
  inventory: 4002,
  payment: 4003,
  shipping: 4004,
  orchestrator: 4005,
  'orchestrator-operations': 4006,
  'order-operations': 4007,
  'card-gateway': 4011,
  carrier: 4012,
};

const options = commandArguments(usage, startArguments);
const startedAt = Number(process.env['BALLAST_STARTED_AT'] ?? Date.now());
const stopped = stopSignals();
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    return await run(options);
  } catch (error) {
    const reason: unknown = stopped.aborted ? stopped.reason : error;
    if (reason instanceof StoppedBySignal) return 130;
    console.error(`\n${messageOf(reason)}`);
    return 1;
  }
}

async function run({ once, json, replicas }: StartArguments): Promise<number> {
  const { stack, readyAt, sample } = await startAndSample(replicas);
  try {
    const residentMb = stack.residentMegabytes();
    const summary = summarise(sample, { startedAt, readyAt, residentMb });
    console.log(`\n${summaryText(summary, sample.outcomes, stack.urls)}\n`);
    if (json !== null) writeFileSync(json, `${JSON.stringify(summary, null, 2)}\n`);
    if (once) return isGood(summary) ? 0 : 1;
    await untilStopped();
    return 0;
  } finally {
    await stop(stack);
  }
}

async function startAndSample(replicas: number) {
  const progress = showProgress();
  let stack: Stack | undefined;
  try {
    stack = await startStack({
      directory: startDirectory(),
      replicas,
      wantedPorts,
      signal: stopped,
      onStage: progress.onStage,
      onOrphansEnded: names =>
        console.log(`Ended what an earlier start had left running: ${names.join(', ')}`),
      onExit: (unit, exit) => {
        // During the start it is what the start fails with.
        if (stack !== undefined) tellExit(unit, exit);
      },
    });
    const readyAt = Date.now();
    const sample = await progress.sampleOrders(() => untilAborted(placeSampleOrders(stack as Stack)));
    await progress.end();
    return { stack, readyAt, sample };
  } catch (error) {
    await progress.end();
    if (stack !== undefined) await stop(stack);
    throw error;
  }
}

function tellExit({ name, program }: Unit, { code, signal }: Exit): void {
  console.error(
    `\n✘ ${name} has ended by itself (${signal ?? `exit code ${code}`}): see ${program?.logFile}`,
  );
}

async function untilStopped(): Promise<void> {
  console.log('Everything stays up until Ctrl-C.');
  const forever = 2 ** 31 - 1;
  while (!stopped.aborted) await sleep(forever, undefined, { signal: stopped }).catch(() => {});
  if (!(stopped.reason instanceof StoppedBySignal)) throw stopped.reason;
}

async function stop(stack: Stack): Promise<void> {
  console.log('Stopping the services, Kafka and PostgreSQL');
  const begun = Date.now();
  await stack.stop();
  console.log(
    `Stopped (${((Date.now() - begun) / 1_000).toFixed(1)} s). The next start goes on with the same data; \`npm run reset\` clears it.`,
  );
}

/** Gives up waiting when we are asked to stop. */
function untilAborted<T>(work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    stopped.addEventListener('abort', () => reject(stopped.reason as Error), { once: true });
  });
  return Promise.race([work, aborted]);
}

function messageOf(error: unknown): string {
  if (error instanceof AlreadyOwned) {
    return `This clone is running already, as process ${error.owner.pid}: stop it with Ctrl-C there, or with kill ${error.owner.pid}.`;
  }
  return error instanceof Error ? error.message : String(error);
}

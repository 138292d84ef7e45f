import { type ServiceName, serviceNames } from '@ballast/contracts';
import { cloneRoot, type Stack } from '@ballast/local';
import type { Moment } from '@ballast/messaging';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { CrashOrder } from './crash-at.js';
import type { Customer } from './mixed-orders.js';

/** A process, and the moment at which it dies. */
export interface CrashPoint {
  readonly service: ServiceName;
  readonly moment: Moment;
  /** The how-manieth time: some way into the flow of orders. */
  readonly nth: number;
}

const everywhere: readonly [Moment, number][] = [
  ['lanes claimed', 1],
  ['lanes taken over', 1],
  ['pass opened', 5],
  ['pass decided', 4],
  ['pass committed', 5],
  ['rows sent', 4],
];
const withOutsideCalls: readonly [Moment, number][] = [
  ['call begins', 7],
  ['call answered', 5],
];

/** Every process at every moment that it has. */
export const crashPoints: readonly CrashPoint[] = serviceNames.flatMap(service => {
  const own = service === 'payment' || service === 'shipping' ? withOutsideCalls : [];
  const born = service === 'order' ? ([['request committed', 1]] as const) : [];
  return [...everywhere, ...own, ...born].map(([moment, nth]) => ({ service, moment, nth }));
});

/** These come while a process starts. */
const atStart: readonly Moment[] = ['lanes claimed', 'lanes taken over'];

/** What a stack's processes need in their environment to die when they are asked to. */
export function crashEnvironment(directory: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import ${pathToFileURL(join(cloneRoot, 'test/dist/chaos/crash-at.js')).href}`,
    CRASH_ORDERS: ordersIn(directory),
  };
}

export interface Crash {
  /** Orders that were placed around it. */
  readonly orderIds: readonly string[];
  /** From the death until the process was ready again. */
  readonly restartMs: number;
}

/** How long a process may go on without coming to the moment, while orders flow. */
const reachedWithinMs = 30_000;

/**
 * Orders flow; the process dies at the moment, by SIGKILL, and is started again. Rejects when it does not come to the
 * moment: nothing was proved then. Resolves before the orders have ended.
 */
export async function crashAt(
  stack: Stack,
  customer: Pick<Customer, 'place'>,
  { service, moment, nth }: CrashPoint,
  orders: number,
): Promise<Crash> {
  const unit = stack.unit(service);
  const disarm = await arm(stack, service, { moment, nth, signal: 'SIGKILL' });
  try {
    const starting = atStart.includes(moment);
    let placing = starting ? customer.place(orders) : Promise.resolve<string[]>([]);
    if (starting) {
      await placing;
      await unit.kill('SIGKILL');
      // It dies again before it is ready.
      await unit.start().catch(() => undefined);
    } else {
      placing = customer.place(orders);
    }
    // It is heard below, once the process is back.
    placing.catch(() => undefined);
    const exit = await Promise.race([unit.program!.exited, sleep(reachedWithinMs, null, { ref: false })]);
    if (exit === null) {
      // Whoever waits for the orders goes on.
      await placing.catch(() => undefined);
      throw new Error(`${service} did not come to "${moment}" ${nth} times in ${reachedWithinMs / 1_000} s`);
    }
    await disarm();
    const diedAtMs = performance.now();
    await unit.start();
    return { orderIds: await placing, restartMs: Math.round(performance.now() - diedAtMs) };
  } finally {
    await disarm();
  }
}

/** Tells a process what to do at a moment: from now on, and after it was started again, until it is disarmed. */
export async function arm(stack: Stack, member: string, order: CrashOrder): Promise<() => Promise<void>> {
  const directory = ordersIn(stack.directory);
  const file = join(directory, `${member}.json`);
  const unit = stack.unit(member);
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, JSON.stringify(order));
  await unit.kill('SIGUSR2');
  return async () => {
    rmSync(file, { force: true });
    if (unit.running) await unit.kill('SIGUSR2');
  };
}

const ordersIn = (directory: string): string => join(directory, 'crash-orders');

import { type Protocol, type ServiceName, serviceNames } from '@ballast/contracts';
import { cloneRoot, type Stack } from '@ballast/local';
import type { Moment } from '@ballast/messaging';
import { openPool } from '@ballast/platform';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { CrashOrder } from './crash-at.js';
import { type Customer, post } from './mixed-orders.js';

/** A process, and the moment at which it dies. */
export interface CrashPoint {
  readonly service: ServiceName;
  readonly moment: Moment;
  /** The how-manieth time: some way into the flow of orders. */
  readonly nth: number;
}

interface Occurrence {
  readonly at: readonly ServiceName[];
  readonly nth: number;
}

const participants: readonly ServiceName[] = ['order', 'inventory', 'payment', 'shipping'];

/** Every moment that the product names, and the processes that come to it. */
const occurrences: Readonly<Record<Moment, Occurrence>> = {
  'lanes claimed': { at: serviceNames, nth: 1 },
  'lanes taken over': { at: serviceNames, nth: 1 },
  'pass opened': { at: serviceNames, nth: 5 },
  'pass decided': { at: serviceNames, nth: 4 },
  'pass committed': { at: serviceNames, nth: 5 },
  'rows sent': { at: serviceNames, nth: 4 },
  'request committed': { at: ['order', 'orchestrator'], nth: 1 },
  'call begins': { at: ['payment', 'shipping'], nth: 7 },
  'call answered': { at: ['payment', 'shipping'], nth: 5 },
  'branch prepared': { at: participants, nth: 5 },
  'branch ended': { at: participants, nth: 4 },
};

/** Every process at every moment that it has while orders are placed under these protocols. */
export function crashPoints(protocols: readonly Protocol[]): CrashPoint[] {
  return serviceNames.flatMap(service =>
    Object.entries(occurrences)
      .map(([moment, { at, nth }]) => ({ service, moment: moment as Moment, nth, at }))
      .filter(({ at, moment }) => at.includes(service) && protocols.some(occursUnder({ service, moment })))
      .map(({ nth, moment }) => ({ service, moment, nth })),
  );
}

/** These come while a process starts. */
const atStart: readonly Moment[] = ['lanes claimed', 'lanes taken over'];

function occursUnder({ service, moment }: Pick<CrashPoint, 'service' | 'moment'>) {
  return (protocol: Protocol): boolean => {
    if (atStart.includes(moment)) return true;
    if (moment.startsWith('branch')) return protocol === 'two-phase';
    // It has no part in choreographed orders; and a card, which the payment service calls for, can't be prepared.
    if (service === 'orchestrator') return protocol !== 'choreographed';
    return !(service === 'payment' && moment.startsWith('call') && protocol === 'two-phase');
  };
}

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
  /** Orders that were accepted, and had not ended, when the process was dead. */
  readonly inFlight: number;
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
    if (service === 'orchestrator' && moment === 'request committed') void askUntilDead(stack);
    const exit = await Promise.race([unit.program!.exited, sleep(reachedWithinMs, null, { ref: false })]);
    if (exit === null) {
      // Whoever waits for the orders goes on.
      await placing.catch(() => undefined);
      throw new Error(`${service} did not come to "${moment}" ${nth} times in ${reachedWithinMs / 1_000} s`);
    }
    await disarm();
    const diedAtMs = performance.now();
    const [inFlight] = await Promise.all([pendingOrders(stack), unit.start()]);
    return { orderIds: await placing, inFlight, restartMs: Math.round(performance.now() - diedAtMs) };
  } finally {
    await disarm();
  }
}

/** The orchestrator has requests from operators only. */
async function askUntilDead(stack: Stack): Promise<void> {
  const wish = { operator: 'chaos', reason: 'a crash test', filter: { status: 'running' }, limit: 5 };
  while (stack.unit('orchestrator').running)
    await post(`${stack.urls.operations}/operations/retry?wait=0`, wish).catch(() => undefined);
}

async function pendingOrders(stack: Stack): Promise<number> {
  const pool = openPool({ url: stack.databaseUrls.order, applicationName: 'chaos', max: 1 });
  try {
    const text = "SELECT count(*) AS pending FROM orders WHERE status = 'PENDING'";
    return (await pool.query<{ pending: number }>({ text })).rows[0]!.pending;
  } finally {
    await pool.end();
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

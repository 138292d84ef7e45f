import { type ServiceName, serviceNames } from '@ballast/contracts';
import type { Stack, Unit } from '@ballast/local';
import { readTopic, writeTopic } from '@ballast/messaging';
import { openPool } from '@ballast/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import { crashAt } from './crash-points.js';
import { articleCount, type Customer, send } from './mixed-orders.js';

/** A stack with somebody who buys there. */
export interface Scene {
  readonly stack: Stack;
  readonly customer: Customer;
  /** Orders have to end in this time, or the fault gives up waiting for them. */
  readonly patienceMs: number;
}

/** Lets orders flow and injects faults that make a protection necessary; resolves with how many it injected. */
export type Fault = (scene: Scene) => Promise<number>;

const slowToken = 'tok_slow';

/** No fault: orders that go through, and some that have to be refused. */
export const everyday: Fault = async ({ customer, patienceMs }) => {
  await customer.awaitEnds(await customer.place(60), patienceMs);
  return 0;
};

/** What the participants were asked stands on their topics once more, as a relay that crashed before its mark leaves it. */
export const doubledRecords: Fault = async ({ stack, customer, patienceMs }) => {
  await customer.awaitEnds(await customer.place(60), patienceMs);
  let doubled = 0;
  for (const topic of ['inventory.commands', 'payment.commands', 'shipping.commands']) {
    const records = await readTopic(stack.brokers, topic);
    await writeTopic(stack.brokers, topic, records);
    doubled += records.length;
  }
  return doubled;
};

/** Inventory has forgotten its inbox, as it does after days, and is killed and started again. */
export const forgottenInbox: Fault = async ({ stack, customer, patienceMs }) => {
  await customer.awaitEnds(await customer.place(60), patienceMs);
  await sleep(1_500);
  const replicas = replicasOf(stack, 'inventory');
  for (const unit of replicas) await unit.kill('SIGKILL');
  await inDatabase(stack, 'inventory', 'TRUNCATE inbox');
  await Promise.all(replicas.map(unit => unit.start()));
  await customer.awaitEnds(await customer.place(10), patienceMs);
  return replicas.length;
};

/**
 * An orchestrator is stopped for longer than its session while cards are slow, and goes on when another has taken over
 * and asked again: it believes that the orders are still its own. The other one pauses just then, so that it takes a
 * while until the group tells the first that it is no member any more.
 */
export const zombieOrchestrator: Fault = async ({ stack, customer, patienceMs }) => {
  const count = 64;
  // Only the first calls: they are made again before they are answered, and find out then.
  await programme(stack, [{ match: { token: slowToken, operation: 'hold' }, delayMs: 14_000, times: count }]);
  const placed = await customer.place(count, ['card'], slowToken);
  await untilAllAreAtTheBank(stack, count);
  const [zombie, ...others] = replicasOf(stack, 'orchestrator');
  await zombie!.kill('SIGSTOP');
  await sleep(7_000);
  for (const other of others) await other.kill('SIGSTOP');
  await zombie!.kill('SIGCONT');
  await sleep(1_500);
  for (const other of others) await other.kill('SIGCONT');
  await customer.awaitEnds(placed, patienceMs);
  await programme(stack, []);
  return 1;
};

/** Customers change their minds while the bank of their card still thinks: the undo meets a do that waits. */
export const cancelledWhileWaiting: Fault = async ({ stack, customer, patienceMs }) => {
  await programme(stack, [{ match: { token: slowToken, operation: 'hold' }, delayMs: 4_000 }]);
  const placed = await customer.place(20, ['card'], slowToken);
  await untilAllAreAtTheBank(stack, placed.length);
  await customer.cancel(placed);
  await customer.awaitEnds(placed, patienceMs);
  // A product that does not wait for the bank has to be given the time to hear from it.
  await sleep(4_000);
  await programme(stack, []);
  return placed.length;
};

/** Inventory is stopped until its orders have been given up, and then does what it was asked to do. */
export const lateParticipant: Fault = async ({ stack, customer, patienceMs }) => {
  const stopped = replicasOf(stack, 'inventory');
  // The articles have to be known: the order service asks inventory otherwise.
  await customer.awaitEnds(await customer.place(articleCount, ['wallet']), patienceMs);
  for (const unit of stopped) await unit.kill('SIGSTOP');
  const placed = await customer.place(20, ['wallet']);
  await sleep(10_000);
  for (const unit of stopped) await unit.kill('SIGCONT');
  await customer.awaitEnds(placed, patienceMs);
  return stopped.length;
};

/** The services' connections to their databases are cut again and again, in the middle of their passes. */
export const cutConnections: Fault = async ({ stack, customer, patienceMs }) => {
  let cuts = 0;
  const placed: string[] = [];
  for (let round = 0; round < 12; round++) {
    placed.push(...(await customer.place(40, ['wallet'])));
    for (const service of serviceNames) cuts += await cut(stack, service);
    await sleep(150);
  }
  await customer.awaitEnds(placed, patienceMs);
  return cuts;
};

/** The orchestrator dies again and again with a pass decided and not committed. */
export const killedBeforeCommit: Fault = async ({ stack, customer, patienceMs }) => {
  const rounds = 4;
  const placed: string[] = [];
  for (let nth = 2; nth < 2 + rounds; nth++) {
    const point = { service: 'orchestrator', moment: 'pass decided', nth } as const;
    placed.push(...(await crashAt(stack, customer, point, 30)).orderIds);
  }
  await customer.awaitEnds(placed, patienceMs);
  return rounds;
};

/** Each service is killed while its orders are under way, and started again. */
export const killedProcesses: Fault = async ({ stack, customer, patienceMs }) => {
  const placed: string[] = [];
  for (const service of serviceNames) {
    placed.push(...(await customer.place(100)));
    const unit = stack.unit(service);
    await unit.kill('SIGKILL');
    await unit.start();
  }
  await customer.awaitEnds(placed, patienceMs);
  return serviceNames.length;
};

/** The gateway does what it is asked and does not say so: each of these calls has to be made again. */
export const unansweredCalls: Fault = async ({ stack, customer, patienceMs }) => {
  const times = 20;
  await programme(
    stack,
    ['hold', 'capture'].map(operation => ({ match: { operation }, answer: 'unknown', times })),
  );
  await customer.awaitEnds(await customer.place(20, ['card']), patienceMs);
  await programme(stack, []);
  return times;
};

function replicasOf(stack: Stack, service: ServiceName): Unit[] {
  return stack.units.filter(({ name }) => name === service || name.startsWith(`${service}-`));
}

const programme = ({ urls }: Stack, rules: readonly object[]): Promise<void> =>
  send('PUT', `${urls['card-gateway']}/programme`, { rules });

async function cut(stack: Stack, service: ServiceName): Promise<number> {
  const rows = await inDatabase(
    stack,
    service,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE '% lanes'`,
  );
  return rows.length;
}

async function inDatabase<Row>(stack: Stack, service: ServiceName, text: string): Promise<Row[]> {
  const pool = openPool({ url: stack.databaseUrls[service], applicationName: 'chaos', max: 1 });
  try {
    return (await pool.query<Row>({ text })).rows;
  } finally {
    await pool.end();
  }
}

/** Nothing is on its way to these orders then but the bank's answer. */
async function untilAllAreAtTheBank(stack: Stack, count: number): Promise<void> {
  const text =
    "SELECT count(*) AS waiting FROM saga_progress WHERE running AND json_array_length(state->'steps') = 2";
  for (const begun = performance.now(); ; await sleep(50)) {
    const [row] = await inDatabase<{ waiting: number }>(stack, 'orchestrator', text);
    if (row!.waiting === count) return;
    if (performance.now() - begun > 15_000) throw new Error(`${row!.waiting} of ${count} are at the bank`);
  }
}

import type { Unit } from '@ballast/local';
import { openPool, type Pool } from '@ballast/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arm, crashEnvironment } from '../chaos/crash-points.js';
import { Customer, fillShop } from '../chaos/mixed-orders.js';
import { judge } from '../invariants/judge.js';
import { becomes } from './becomes.js';
import { openShop } from './shop.js';

const replicas = { orchestrator: 2, inventory: 3, payment: 2 };
const { stack } = await openShop({ environment: crashEnvironment, replicas });
const customer = new Customer(stack);
const inventory = openPool({ url: stack.databaseUrls.inventory, applicationName: 'test', max: 2 });
const payment = openPool({ url: stack.databaseUrls.payment, applicationName: 'test', max: 2 });
afterAll(async () => {
  await customer.close();
  await Promise.all([inventory.end(), payment.end()]);
});
beforeAll(() => fillShop(stack));

/** How long a session is kept: a process that is silent for longer loses its lanes. */
const sessionTimeoutMs = 3_000;

interface LaneRow {
  readonly lane: number;
  readonly pid: number;
  readonly handled: number;
}

/** Who owns each lane, and how much of it is handled. */
async function lanesOf(pool: Pool): Promise<LaneRow[]> {
  const { rows } = await pool.query<LaneRow>({
    text: `SELECT lane, split_part(owner, '/', 2)::int AS pid,
                  (SELECT sum(next_offset) FROM lane_position p WHERE p.lane = lane.lane)::int AS handled
           FROM lane ORDER BY lane`,
  });
  return rows;
}

const ownersOf = async (pool: Pool): Promise<number> =>
  new Set((await lanesOf(pool)).map(({ pid }) => pid)).size;

const replica = (name: 'inventory' | 'payment', pid: number): Unit =>
  stack.units.find(unit => unit.name.startsWith(name) && unit.program?.pid === pid)!;

/** Orders flow until it is stopped; then resolves with all of them. */
function flow(): { stop: () => Promise<string[]> } {
  let flowing = true;
  const placing = (async () => {
    const placed: string[] = [];
    while (flowing) {
      placed.push(...(await customer.place(20)));
      await sleep(300);
    }
    return placed;
  })();
  return {
    stop: () => {
      flowing = false;
      return placing;
    },
  };
}

test('the replicas share the lanes', async () => {
  await becomes('three share its lanes', async () => (await ownersOf(inventory)) === 3);
  await customer.awaitEnds(await customer.place(60));
});

test('one is killed: its lanes go on with another within five seconds', async () => {
  const orders = flow();
  await sleep(500);
  const before = await lanesOf(inventory);
  const { pid } = before[0]!;
  const victim = replica('inventory', pid);
  await victim.kill('SIGKILL');
  const tookMs = await becomes(
    'its lanes go on',
    async () => {
      const now = await lanesOf(inventory);
      return before.every(
        (was, index) => was.pid !== pid || (now[index]!.pid !== pid && now[index]!.handled > was.handled),
      );
    },
    15_000,
  );
  await customer.awaitEnds(await orders.stop());
  expect(tookMs).toBeLessThan(5_000);
  await victim.start();
});

test('one is stopped with its transaction open, and goes on when its lanes have another owner', async () => {
  await becomes('two share its lanes', async () => (await ownersOf(payment)) === 2);
  const [lane] = await lanesOf(payment);
  const zombie = replica('payment', lane!.pid);
  const disarm = await arm(stack, zombie.name, { moment: 'pass decided', nth: 2, signal: 'SIGSTOP' });
  const placed = await customer.place(100);
  await customer.awaitEnds(placed);
  expect((await lanesOf(payment)).every(({ pid }) => pid !== lane!.pid)).toBe(true);
  await zombie.kill('SIGCONT');
  await disarm();
  await customer.awaitEnds(await customer.place(60));
});

test('one is stopped for longer than its session, and goes on', async () => {
  const [lane] = await lanesOf(inventory);
  const zombie = replica('inventory', lane!.pid);
  const orders = flow();
  await zombie.kill('SIGSTOP');
  await sleep(sessionTimeoutMs + 2_500);
  await zombie.kill('SIGCONT');
  await sleep(500);
  await customer.awaitEnds(await orders.stop());
});

test('from three replicas to one and back, while orders flow', async () => {
  const orders = flow();
  const others = ['inventory-2', 'inventory-3', 'orchestrator-2'].map(name => stack.unit(name));
  await Promise.all(others.map(unit => unit.stop()));
  await becomes('one has all lanes', async () => (await ownersOf(inventory)) === 1, 15_000);
  await Promise.all(others.map(unit => unit.start()));
  await becomes('three share its lanes', async () => (await ownersOf(inventory)) === 3);
  await customer.awaitEnds(await orders.stop());
});

test('after all this every invariant holds', async () => {
  const { verdict, invariants } = await judge(stack, { acknowledged: customer.acknowledged, faults: 4 });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});

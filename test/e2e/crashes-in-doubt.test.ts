import { Protocol, type SagaDetails, type SagaView } from '@ballast/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { anOrder, Customer, fillShop, type OrderChoice, type OrderKind } from '../chaos/mixed-orders.js';
import { judge } from '../invariants/judge.js';
import { openShop } from './shop.js';
import { rowsOf } from './whole-business.js';

// Somebody dies whom others wait for: what is locked meanwhile, who asks, and what goes on.

/** Longer than a busy machine takes from the placing of an order to the death. */
const askAfterMs = 3_000;
const shop = await openShop({
  // PostgreSQL is killed too: what is prepared has to be on the disk.
  durable: true,
  environment: () => ({
    HOLD_MS: String(askAfterMs),
    HOLD_ASK_AGAIN_MS: '1000',
    BRANCH_ASK_AFTER_MS: String(askAfterMs),
    // Three of these in vain, and a coordinator has lost its patience by itself.
    STEP_TIMEOUT_MS: '5000',
    ORDER_TIMEOUT_MS: '120000',
  }),
});
const { stack } = shop;
const customer = new Customer(stack, Protocol.options);
const inDoubt = new Customer(stack, ['two-phase']);
const choreographer = new Customer(stack, ['choreographed']);
const customers = [customer, inDoubt, choreographer];
const acknowledged: string[] = [];
afterAll(() => Promise.all(customers.map(one => one.close())));
beforeAll(() => fillShop(stack));

/** A test that failed may have left one dead, or stopped. */
beforeEach(async () => {
  for (const unit of stack.units) if (!unit.running) await unit.start();
  for (const name of ['payment', 'shipping']) await stack.unit(name).kill('SIGCONT');
});

async function place(kind: OrderKind, choice: OrderChoice): Promise<string> {
  const id = await shop.place(anOrder(kind, choice));
  acknowledged.push(id);
  return id;
}

async function becomes(what: string, isSo: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  for (const begun = performance.now(); !(await isSo()); await sleep(30)) {
    if (performance.now() - begun > withinMs) throw new Error(`not so after ${withinMs} ms: ${what}`);
  }
}

const preparedNow = async () =>
  (await rowsOf<{ gid: string }>(shop, 'order', 'SELECT gid FROM pg_prepared_xacts')).length;
const holdsOf = (service: 'inventory' | 'payment' | 'shipping', ids: readonly string[]) =>
  rowsOf<{ asked: number }>(shop, service, 'SELECT asked FROM hold WHERE order_id = ANY ($1::uuid[])', [ids]);
const isHeldIn = (service: 'inventory' | 'payment' | 'shipping', ...ids: string[]) =>
  becomes(`held in ${service}`, async () => (await holdsOf(service, ids)).length === ids.length);
const branchesHaveAsked = () =>
  becomes('asked by a branch', async () => {
    const asked = "SELECT FROM branch WHERE state = 'prepared' AND (detail->>'asked')::int > 0";
    return (await rowsOf(shop, 'inventory', asked)).length > 0;
  });
const isLocked = (sku: string) =>
  rowsOf(shop, 'inventory', 'SELECT FROM stock WHERE sku = $1 FOR UPDATE NOWAIT', [sku]).then(
    () => false,
    (error: Error) => /could not obtain lock/.test(error.message),
  );
/** Undefined before the coordinator has heard of the order. */
const branchOf = async (id: string, name: string) =>
  ((await shop.saga(id)) as Partial<SagaView>).steps?.find(step => step.name === name);
const timelineOf = async (id: string) =>
  ((await shop.request('GET', `${stack.urls.operations}/operations/sagas/${id}`)).body as SagaDetails)
    .timeline;

test('the coordinator dies between the last yes and its decision: try-confirm-cancel has nothing locked, two-phase commit only the rows of that order, and it decides within 5 s of its return', async () => {
  // Shipping's yes is the last one, and comes when there is nobody left to hear it.
  await stack.unit('shipping').kill('SIGSTOP');
  const prepared = await place('wallet', { protocol: 'two-phase', number: 0 });
  const tries = Array.from({ length: 5 }, () => place('wallet', { protocol: 'tcc', number: 1 }));
  const tried = await Promise.all(tries);
  const saga = await place('wallet', { protocol: 'orchestrated', number: 2 });
  await becomes('prepared by the others', async () => (await preparedNow()) === 3);
  await isHeldIn('inventory', ...tried);
  await isHeldIn('payment', ...tried);
  const held = "SELECT FROM payment WHERE order_id = $1 AND status = 'held'";
  await becomes('paid for', async () => (await rowsOf(shop, 'payment', held, [saga])).length === 1);
  await stack.unit('orchestrator').kill('SIGKILL');
  await stack.unit('shipping').kill('SIGCONT');
  await becomes('prepared by all', async () => (await preparedNow()) === 4);
  await isHeldIn('shipping', ...tried);

  expect(await isLocked('article-0')).toBe(true);
  // Tried and reserved goods are set aside as well, and nobody has to wait for their rows.
  expect(await isLocked('article-1')).toBe(false);
  await shop.deliver('article-1', 1);
  expect(await shop.stock('article-1')).toMatchObject({ reserved: tried.length });
  expect(await isLocked('article-2')).toBe(false);
  expect(await shop.stock('article-2')).toMatchObject({ reserved: 1 });
  const elsewhere = await place('wallet', { protocol: 'choreographed', number: 3 });
  expect(await shop.ended(elsewhere)).toMatchObject({ status: 'COMPLETED' });
  // What is in doubt stays so, and asks.
  await becomes('asked', async () => (await holdsOf('inventory', tried)).every(({ asked }) => asked > 0));
  await branchesHaveAsked();
  expect(await preparedNow()).toBe(4);

  await stack.unit('orchestrator').start();
  await becomes('decided', async () => (await preparedNow()) === 0, 5_000);
  for (const id of [prepared, ...tried]) {
    // Whichever is read first decides: the last yes, or the question of who has waited too long.
    const { status, reason } = await shop.ended(id);
    expect(reason ?? status).toMatch(/COMPLETED|TIMEOUT/);
  }
  expect(await shop.ended(saga)).toMatchObject({ status: 'COMPLETED' });
});

test('participants die with what they hold, which expires: back again they ask, and obey', async () => {
  // Nobody decides before it has said something.
  await stack.unit('payment').kill('SIGSTOP');
  const id = await place('wallet', { protocol: 'tcc', number: 4 });
  await isHeldIn('inventory', id);
  await isHeldIn('shipping', id);
  // Both that hold something: nobody is left to ask in the other's place.
  await stack.unit('inventory').kill('SIGKILL');
  await stack.unit('shipping').kill('SIGKILL');
  expect(await shop.saga(id)).toMatchObject({ state: 'running' });
  await stack.unit('inventory').start();
  await becomes('aborted by the question', async () => (await shop.saga(id)).state === 'compensating');
  const timeline = await timelineOf(id);
  expect(timeline.find(({ what }) => what === 'decided')).toMatchObject({ reason: 'TIMEOUT' });
  // It was not the coordinator that had lost its patience.
  expect(timeline.filter(({ what, attempt }) => what === 'timed out' && attempt === 3)).toEqual([]);
  await becomes('given back', async () => (await holdsOf('inventory', [id])).length === 0);
  await stack.unit('payment').kill('SIGCONT');
  await stack.unit('shipping').start();
  expect(await shop.ended(id)).toMatchObject({ status: 'CANCELLED', reason: 'TIMEOUT' });
});

test('a participant is away for a while: a confirm is repeated until it is back, and what came early for it under choreography is not lost', async () => {
  await stack.unit('shipping').kill('SIGSTOP');
  const id = await place('wallet', { protocol: 'tcc', number: 5 });
  // Heard, not only done: its yes may wait in the outbox, and would die with it.
  await becomes('voted for', async () => (await branchOf(id, 'payment'))?.state === 'prepared');
  await stack.unit('payment').kill('SIGKILL');
  await stack.unit('shipping').kill('SIGCONT');
  const early = await choreographer.place(20, ['wallet']);
  // A cancel is decided by the payment alone: until then nobody undoes anything.
  await choreographer.cancel(early.slice(0, 5));
  await becomes('confirmed elsewhere', async () => (await branchOf(id, 'inventory'))?.state === 'committed');
  await becomes('repeated', async () => ((await branchOf(id, 'payment'))?.attempts ?? 0) >= 2);
  expect((await shop.request('GET', `${shop.orders}/${id}`)).body).toMatchObject({ status: 'PENDING' });
  await stack.unit('payment').start();
  expect(await shop.ended(id)).toMatchObject({ status: 'COMPLETED' });
  const ended = await Promise.all(early.map(order => shop.ended(order)));
  for (const { reason } of ended.slice(0, 5)) expect([null, 'CANCELLED']).toContain(reason);
  expect(ended.slice(5).map(({ status }) => status)).toEqual(early.slice(5).map(() => 'COMPLETED'));
});

test('the coordinator is away for long, and PostgreSQL dies meanwhile: what is prepared asks, is there again, and is ended', async () => {
  const ids = await inDoubt.place(60, ['wallet', 'wallet', 'wallet', 'wallet', 'nowhere']);
  // A crash before something is in doubt proves nothing.
  await becomes('prepared', async () => (await preparedNow()) > 0);
  await stack.unit('orchestrator').kill('SIGKILL');
  await branchesHaveAsked();
  expect(await preparedNow()).toBeGreaterThan(0);
  await stack.unit('postgres').kill('SIGKILL');
  await stack.unit('postgres').start();
  expect(await preparedNow()).toBeGreaterThan(0);
  await stack.unit('orchestrator').start();
  await inDoubt.awaitEnds(ids);
  const ends = 'SELECT DISTINCT coalesce(reason, status) AS ended FROM orders WHERE id = ANY ($1::uuid[])';
  for (const { ended } of await rowsOf<{ ended: string }>(shop, 'order', ends, [ids]))
    expect(['COMPLETED', 'ADDRESS_NOT_SERVED', 'TIMEOUT']).toContain(ended);
});

test('after all of this the shop goes on as ever, and every invariant holds', async () => {
  const ids = await customer.place(40);
  await customer.awaitEnds(ids);
  const completed = "SELECT FROM orders WHERE status = 'COMPLETED' AND id = ANY ($1::uuid[])";
  // Six in ten; one of two that wait for each other's locks may be refused.
  expect((await rowsOf(shop, 'order', completed, [ids])).length).toBeGreaterThan(18);
  const { verdict, invariants } = await judge(stack, {
    acknowledged: [...acknowledged, ...customers.flatMap(one => one.acknowledged)],
    faults: 6,
  });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
});

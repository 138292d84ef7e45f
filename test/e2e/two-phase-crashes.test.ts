import type { ServiceName } from '@ballast/contracts';
import type { Moment } from '@ballast/messaging';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { arm, crashEnvironment } from '../chaos/crash-points.js';
import { anOrder, openShop } from './shop.js';
import { expectAgreed } from './two-phase-books.js';
import { rowsOf } from './whole-business.js';

// PostgreSQL is killed too: what is prepared has to be on the disk.
const shop = await openShop({
  durable: true,
  environment: directory => ({
    ...crashEnvironment(directory),
    ORDER_TIMEOUT_MS: '60000',
    BRANCH_ASK_AFTER_MS: '2000',
  }),
});
const { stack } = shop;
const count = 60;
const articles = Array.from({ length: 20 }, (_, number) => `article-${number}`);
// Two orders that shared both a customer and an article could wait for each other, at two services.
const customers = Array.from({ length: count }, (_, number) => `customer-${number}`);
const delivered = Object.fromEntries(articles.map(sku => [sku, 1_000]));

beforeAll(async () => {
  for (const sku of articles) await shop.deliver(sku, 1_000);
  for (const customer of customers) await shop.deposit(customer, 1_000_000);
  await shop.addSlots('north', 10_000);
});

/** One in five is refused by the carrier. */
const placeMany = (): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, number) =>
      shop.place(
        anOrder({
          protocol: 'two-phase',
          customerId: customers[number]!,
          lines: [{ sku: articles[number % articles.length]!, quantity: 1, unitPriceCents: 1_000 }],
          ...(number % 5 === 4 && { address: { ...anOrder().address, zone: 'nowhere' } }),
        }),
      ),
    ),
  );

const preparedNow = async () =>
  (await rowsOf<{ gid: string }>(shop, 'order', 'SELECT gid FROM pg_prepared_xacts')).length;

/** A crash before something is in doubt proves nothing. */
const someArePrepared = () => becomes('prepared', async () => (await preparedNow()) > 0);

async function becomes(what: string, isSo: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  for (const begun = performance.now(); !(await isSo()); await sleep(10)) {
    if (performance.now() - begun > withinMs) throw new Error(`not so after ${withinMs} ms: ${what}`);
  }
}

async function allEnd(ids: readonly string[]): Promise<void> {
  const orders = await Promise.all(ids.map(id => shop.ended(id, 90_000)));
  for (const [number, { status, reason }] of orders.entries()) {
    if (number % 5 === 4) expect(reason).toMatch(/ADDRESS_NOT_SERVED|TIMEOUT/);
    // A crash, or who waits for it, takes too long for some.
    else expect(reason ?? status).toMatch(/COMPLETED|TIMEOUT/);
  }
  await expectAgreed(shop, delivered);
}

/** Orders flow; the process dies at the moment, and is started again. */
async function dies(name: ServiceName, moment: Moment, nth: number): Promise<string[] | null> {
  const disarm = await arm(stack, name, { moment, nth, signal: 'SIGKILL' });
  const placing = placeMany().catch(() => null);
  const exit = await Promise.race([stack.unit(name).program!.exited, sleep(30_000, null, { ref: false })]);
  if (exit === null) throw new Error(`${name} did not come to "${moment}" ${nth} times`);
  await disarm();
  const ids = await placing;
  await stack.unit(name).start();
  return ids;
}

test.each<[ServiceName, Moment]>([
  ['inventory', 'branch prepared'],
  ['payment', 'branch ended'],
  ['shipping', 'branch prepared'],
  ['shipping', 'branch ended'],
])('%s dies when a %s and nobody knows it: everybody does what was decided', async (name, moment) => {
  const ids = await dies(name, moment, 5);
  await allEnd(ids!);
});

test('the order service dies when its branch is prepared: the orders that it took all end', async () => {
  await dies('order', 'branch prepared', 3);
  const open = await rowsOf<{ id: string }>(shop, 'order', "SELECT id FROM orders WHERE status = 'PENDING'");
  await Promise.all(open.map(({ id }) => shop.ended(id, 90_000)));
  await expectAgreed(shop, delivered);
});

test('the coordinator dies when it has decided and told nobody: what it decided is done', async () => {
  const ids = await dies('orchestrator', 'pass committed', 6);
  await allEnd(ids!);
});

test('the coordinator is away for long with branches in doubt: they ask, and are told', async () => {
  const placing = placeMany();
  await someArePrepared();
  await stack.unit('orchestrator').kill('SIGKILL');
  const ids = await placing;
  await sleep(3_000);
  expect(await preparedNow()).toBeGreaterThan(0);
  await stack.unit('orchestrator').start();
  await allEnd(ids);
});

test('the coordinator dies between prepare and decision: only rows of that order wait, and it decides within 5 s of its return', async () => {
  const [prepared, reserved, other] = [0, 1, 2].map(number => ({
    customerId: customers[number]!,
    lines: [{ sku: articles[number]!, quantity: 1, unitPriceCents: 1_000 }],
  }));
  const isLocked = (sku: string) =>
    rowsOf(shop, 'inventory', 'SELECT FROM stock WHERE sku = $1 FOR UPDATE NOWAIT', [sku]).then(
      () => false,
      (error: Error) => /could not obtain lock/.test(error.message),
    );
  // Shipping's yes is the last one, and comes when there is nobody left to hear it.
  await stack.unit('shipping').kill('SIGSTOP');
  const id = await shop.place(anOrder({ protocol: 'two-phase', ...prepared }));
  const saga = await shop.place(anOrder({ protocol: 'orchestrated', ...reserved }));
  await becomes('prepared by the others', async () => (await preparedNow()) === 3);
  const held = "SELECT FROM payment WHERE order_id = $1 AND status = 'held'";
  await becomes('paid for', async () => (await rowsOf(shop, 'payment', held, [saga])).length === 1);
  await stack.unit('orchestrator').kill('SIGKILL');
  await stack.unit('shipping').kill('SIGCONT');
  await becomes('prepared by all', async () => (await preparedNow()) === 4);

  expect(await isLocked(articles[0]!)).toBe(true);
  // A saga's goods are set aside as well, and nobody has to wait for their row.
  expect(await shop.stock(articles[1]!)).toMatchObject({ reserved: 1 });
  expect(await isLocked(articles[1]!)).toBe(false);
  const elsewhere = await shop.place(anOrder({ protocol: 'choreographed', ...other }));
  expect(await shop.ended(elsewhere)).toMatchObject({ status: 'COMPLETED' });

  await stack.unit('orchestrator').start();
  const backAtMs = performance.now();
  await becomes('decided', async () => (await preparedNow()) === 0, 5_000);
  expect(performance.now() - backAtMs).toBeLessThan(5_000);
  // Whichever is read first decides: the last yes, or the question of who has waited too long.
  const { status, reason } = await shop.ended(id);
  expect(reason ?? status).toMatch(/COMPLETED|TIMEOUT/);
  expect(await shop.ended(saga)).toMatchObject({ status: 'COMPLETED' });
  await expectAgreed(shop, delivered);
});

test('PostgreSQL is killed with prepared transactions in it: they are there again, and are ended', async () => {
  const ids = await placeMany();
  await someArePrepared();
  await stack.unit('orchestrator').kill('SIGKILL');
  await sleep(500);
  const before = await preparedNow();
  expect(before).toBeGreaterThan(0);
  await stack.unit('postgres').kill('SIGKILL');
  await stack.unit('postgres').start();
  expect(await preparedNow()).toBeGreaterThan(0);
  await stack.unit('orchestrator').start();
  await allEnd(ids);
});

test('after all of this the shop goes on as ever', async () => {
  const ids = await placeMany();
  await allEnd(ids);
  const orders = await Promise.all(ids.map(id => shop.ended(id)));
  expect(orders.filter(({ status }) => status === 'COMPLETED').length).toBeGreaterThan(count / 4);
});

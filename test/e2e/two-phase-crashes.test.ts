import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { anOrder, openShop } from './shop.js';
import { expectAgreed, participants } from './two-phase-books.js';
import { rowsOf } from './whole-business.js';

// PostgreSQL is killed too: what is prepared has to be on the disk.
const shop = await openShop({
  durable: true,
  environment: () => ({ ORDER_TIMEOUT_MS: '60000', BRANCH_ASK_AFTER_MS: '2000' }),
});
const { stack } = shop;
const count = 60;
const articles = Array.from({ length: 20 }, (_, number) => `article-${number}`);
const customers = Array.from({ length: 20 }, (_, number) => `customer-${number}`);
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
          customerId: customers[number % customers.length]!,
          lines: [{ sku: articles[(number * 7) % articles.length]!, quantity: 1, unitPriceCents: 1_000 }],
          ...(number % 5 === 4 && { address: { ...anOrder().address, zone: 'nowhere' } }),
        }),
      ),
    ),
  );

const preparedNow = async () =>
  (await rowsOf<{ gid: string }>(shop, 'order', 'SELECT gid FROM pg_prepared_xacts')).length;

/** Waits until something is in doubt: a crash before that proves nothing. */
async function someArePrepared(): Promise<void> {
  for (const begun = performance.now(); (await preparedNow()) === 0; await sleep(5)) {
    if (performance.now() - begun > 10_000) throw new Error('nothing was ever prepared');
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

test.each(participants)(
  '%s is killed with branches in doubt: everybody does what was decided',
  async name => {
    const placing = placeMany();
    await someArePrepared();
    await stack.unit(name).kill('SIGKILL');
    const ids = await placing.catch(() => null);
    await stack.unit(name).start();
    // The order service itself takes none while it is away.
    if (ids !== null) await allEnd(ids);
    else await expectAllOrdersEnd();
  },
);

async function expectAllOrdersEnd(): Promise<void> {
  const placed = await rowsOf<{ id: string }>(
    shop,
    'order',
    "SELECT id FROM orders WHERE status = 'PENDING'",
  );
  await Promise.all(placed.map(({ id }) => shop.ended(id, 90_000)));
  await expectAgreed(shop, delivered);
}

test('the coordinator is killed with branches in doubt: they ask, and are told', async () => {
  const placing = placeMany();
  await someArePrepared();
  await stack.unit('orchestrator').kill('SIGKILL');
  const ids = await placing;
  await sleep(3_000);
  expect(await preparedNow()).toBeGreaterThan(0);
  await stack.unit('orchestrator').start();
  await allEnd(ids);
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
  expect(orders.filter(({ status }) => status === 'COMPLETED').length).toBeGreaterThan(count / 2);
});

import { messagingMigrations } from '@ballast/messaging';
import { createLogger, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { newOrder } from '../storage/new-order.fixture.js';
import { OrderBook } from '../storage/order-book.js';
import { type Ending, OrderReader } from '../storage/order-reader.js';
import { ProgressRepository } from '../storage/progress-repository.js';
import { orderMigrations } from '../storage/statements.js';
import { OrderWatcher, orderWatcherDefaults } from './order-watcher.js';

const database = await databaseForTest({ sets: [messagingMigrations, orderMigrations] });
const logger = createLogger({ name: 'test', level: 'silent' });
const pool = openPool({ url: database.url, applicationName: 'test', max: 4, logger });
afterAll(() => pool.end());

const reader = new OrderReader(pool);
const watchers: OrderWatcher[] = [];
afterEach(() => watchers.splice(0).forEach(watcher => watcher.close()));

/** A watcher, and what it has looked at. */
function watching(options: Partial<typeof orderWatcherDefaults> = {}) {
  const looks: (readonly string[])[] = [];
  let begun = 0;
  const watcher = new OrderWatcher(
    async ids => {
      begun++;
      const endings = await reader.loadEndings(ids);
      looks.push(ids);
      return endings;
    },
    logger,
    { ...orderWatcherDefaults, ...options },
  );
  watchers.push(watcher);
  return { watcher, looks, looksBegun: () => begun };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

/** The endings that a watch is told, until there are so many. */
function told(watcher: OrderWatcher, ids: readonly string[], count = 1) {
  const { promise, resolve } = Promise.withResolvers<Ending[]>();
  const endings: Ending[] = [];
  const stop = watcher.watch(ids, more => {
    endings.push(...more);
    if (endings.length >= count) resolve(endings);
  });
  return { promise, endings, stop };
}

async function pendingOrders(count: number): Promise<string[]> {
  const orders = Array.from({ length: count }, () => newOrder());
  await new OrderBook(pool, { committed: () => undefined }, logger).place(orders);
  return orders.map(({ id }) => id);
}
const complete = (...ids: string[]) =>
  new ProgressRepository().save(pool, { own: new Map(ids.map(id => [id, { status: 'COMPLETED' }])) });

describe('an ending is told', () => {
  test('when another replica commits it', async () => {
    const { watcher } = watching();
    const [id] = (await pendingOrders(1)) as [string];
    const { promise } = told(watcher, [id]);
    await sleep(60);
    await complete(id);
    expect(await promise).toEqual([{ id, status: 'COMPLETED', reason: null, endedAt: expect.any(Date) }]);
  });

  test('soon, also when a look before was held up', async () => {
    let heldUpMs = 300;
    const watcher = new OrderWatcher(
      async ids => {
        await sleep(heldUpMs);
        heldUpMs = 0;
        return reader.loadEndings(ids);
      },
      logger,
      { ...orderWatcherDefaults, pauseMaxMs: 100 },
    );
    watchers.push(watcher);
    const [id] = (await pendingOrders(1)) as [string];
    const { promise } = told(watcher, [id]);
    await until(() => heldUpMs === 0);
    await sleep(60);
    const completedAtMs = performance.now();
    await complete(id);
    expect(await promise).toMatchObject([{ id }]);
    // A share of two per cent would be 15 seconds.
    expect(performance.now() - completedAtMs).toBeLessThan(10_000);
  });

  test('at once when this process has committed it, without waiting for the next look', async () => {
    const { watcher, looks } = watching({ pollMs: 60_000 });
    const [id, other] = (await pendingOrders(2)) as [string, string];
    const { promise } = told(watcher, [id, other]);
    await until(() => looks.length === 1);
    await complete(id);
    watcher.nudge([id, newOrder().id]);
    expect(await promise).toMatchObject([{ id }]);
    expect(looks.at(-1)).toEqual([id]);
  });

  test('when it was committed before anybody watched', async () => {
    const { watcher } = watching();
    const [id, other] = (await pendingOrders(2)) as [string, string];
    await complete(id);
    expect(await told(watcher, [id, other, newOrder().id]).promise).toMatchObject([{ id }]);
  });

  test('again from memory to who asks later', async () => {
    const { watcher, looks } = watching();
    const [id] = (await pendingOrders(1)) as [string];
    await complete(id);
    await told(watcher, [id]).promise;
    const looksBefore = looks.length;
    expect(await told(watcher, [id]).promise).toMatchObject([{ id }]);
    expect(looks).toHaveLength(looksBefore);
  });

  test('to everybody who watches the order, and to nobody who has stopped', async () => {
    const { watcher } = watching();
    const [id] = (await pendingOrders(1)) as [string];
    const stopped = told(watcher, [id]);
    stopped.stop();
    const watches = [told(watcher, [id]), told(watcher, [id, newOrder().id])];
    await complete(id);
    for (const { promise } of watches) expect(await promise).toMatchObject([{ id }]);
    expect(stopped.endings).toEqual([]);
  });

  test('together with those of the same commit', async () => {
    const { watcher, looks } = watching({ pollMs: 60_000 });
    const ids = await pendingOrders(50);
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<readonly Ending[]>();
    watcher.watch(ids, endings => {
      calls++;
      resolve(endings);
    });
    await until(() => looks.length === 1);
    await complete(...ids.slice(0, 40));
    watcher.nudge(ids);
    expect(await promise).toHaveLength(40);
    expect(calls).toBe(1);
  });
});

describe('the database is looked at', () => {
  test('once for all who watch', async () => {
    const { watcher, looks } = watching({ pollMs: 60_000 });
    const ids = await pendingOrders(20);
    const watches = ids.map(id => told(watcher, [id]));
    await until(() => looks.length > 0);
    await complete(...ids);
    watcher.nudge(ids);
    await Promise.all(watches.map(({ promise }) => promise));
    expect(looks).toEqual([ids, ids]);
  });

  test('not at all when nobody waits', async () => {
    // However long a look takes, the next one follows at once: a while without any is the end of them.
    const { watcher, looks, looksBegun } = watching({ pollMs: 5, shareMax: 1, lingerMs: 20 });
    const [id] = (await pendingOrders(1)) as [string];
    told(watcher, [id]).stop();
    let before: number;
    do {
      before = looksBegun();
      await sleep(200);
    } while (looksBegun() !== before || looks.length !== before);
    watcher.nudge([id]);
    await sleep(20);
    expect(looksBegun()).toBe(before);
  });

  test('no more for an order that was watched until just now', async () => {
    const { watcher, looks } = watching({ pollMs: 60_000, lingerMs: 60_000 });
    const ids = await pendingOrders(3);
    told(watcher, ids).stop();
    await until(() => looks.length === 1);
    const again = told(watcher, ids);
    await sleep(20);
    expect(looks).toEqual([ids]);
    await complete(ids[1]!);
    watcher.nudge(ids);
    expect(await again.promise).toMatchObject([{ id: ids[1] }]);
  });
});

test('a database that is away for a while delays an ending, and loses none', async () => {
  let away = true;
  const watcher = new OrderWatcher(
    ids => (away ? Promise.reject(new Error('the database is away')) : reader.loadEndings(ids)),
    logger,
    orderWatcherDefaults,
  );
  watchers.push(watcher);
  const [id] = (await pendingOrders(1)) as [string];
  const { promise } = told(watcher, [id]);
  await sleep(30);
  await complete(id);
  watcher.nudge([id]);
  away = false;
  expect(await promise).toMatchObject([{ id }]);
});

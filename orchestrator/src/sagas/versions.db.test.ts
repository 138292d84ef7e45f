import { messagingMigrations, type PassResult } from '@ballast/messaging';
import { placeOrder } from '@ballast/place-order';
import { type Definition, withDefaults } from '@ballast/saga';
import { databaseForTest } from '@ballast/testkit';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { SagaRepository } from '../storage/saga-repository.js';
import { orchestratorMigrations } from '../storage/statements.js';
import { Definitions } from './definitions.js';
import { KnownVersions } from './known-versions.js';
import { answerTo, newOrder, Passes, startOf, typesOf } from './passes.fixture.js';

const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const passes = await Passes.open(database, [placeOrder]);
afterAll(() => passes.close());

/** Version 2 pays before it reserves, and asks for no shipment. */
const [reserve, authorize] = placeOrder.steps;
const second: Definition = {
  ...withDefaults(placeOrder, {}),
  version: 2,
  steps: [
    { ...authorize!, stage: 0 },
    { ...reserve!, stage: 1 },
  ],
};

const check = (sagas: readonly Definition[]) =>
  new KnownVersions(passes, new SagaRepository(), new Definitions(sagas)).onModuleInit();

test('sagas that started under version 1 finish under version 1 while version 2 is deployed', async () => {
  await passes.restart([placeOrder]);
  const [early, late] = [newOrder(), newOrder()];
  let first: PassResult = await passes.pass(startOf(early));
  first = await passes.pass(answerTo(first.send[0]!.message));
  expect(typesOf(first)).toEqual(['payment.authorize']);

  await passes.restart([placeOrder, second]);
  const other = await passes.pass(startOf(late));
  expect(typesOf(other)).toEqual(['payment.authorize']);
  expect(await passes.settle(first)).toEqual([
    'payment.authorize',
    'shipping.book',
    'payment.capture',
    'inventory.commit',
    'shipping.dispatch',
    'order.complete',
  ]);
  expect(await passes.settle(other)).toEqual(['payment.authorize', 'inventory.reserve']);
  expect(await database.rows('SELECT version FROM saga ORDER BY order_id')).toEqual([
    { version: 1 },
    { version: 2 },
  ]);
});

test('a process that does not know the version of a running saga is refused; of an ended one it need not', async () => {
  await check([second]);
  await passes.restart([placeOrder]);
  const started = await passes.pass(startOf(newOrder()), startOf(newOrder()));
  await expect(check([second])).rejects.toThrow(
    'sagas have not ended that this process cannot run: 2 of place-order 1; it knows place-order 2: deploy old versions',
  );
  await check([placeOrder, second]);
  await passes.settle(started);
  await check([second]);
});

// It is compiled, and loaded by a process of its own.
const patience = { timeout: 180_000 };

test(
  'the orchestrator itself ends with exit code 1 and one line that says what is missing',
  patience,
  async () => {
    await passes.restart([placeOrder]);
    const orderId = newOrder();
    await passes.pass(startOf(orderId));
    await passes.rows('UPDATE saga SET version = 7 WHERE order_id = $1', [orderId]);
    const folder = fileURLToPath(new URL('../../', import.meta.url));
    const native = createRequire(import.meta.url).resolve('@typescript/native/package.json');
    const compiled = spawnSync(process.execPath, [join(native, '../bin/tsc'), '-b', folder]);
    expect(compiled.status, compiled.stdout.toString()).toBe(0);
    const refused = spawnSync(process.execPath, [join(folder, 'dist/main.js')], {
      env: { PORT: '0', KAFKA_BROKERS: '127.0.0.1:1', DATABASE_URL: database.url, LOG_LEVEL: 'fatal' },
      timeout: 60_000,
    });
    expect([refused.status, refused.stderr.toString()]).toEqual([1, '']);
    const lines = refused.stdout.toString().trim().split('\n');
    expect(lines.map(line => JSON.parse(line) as unknown)).toMatchObject([
      {
        level: 'fatal',
        msg: expect.stringContaining('1 of place-order 7; it knows place-order 1') as string,
      },
    ]);
  },
);

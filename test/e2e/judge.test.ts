import { type ServiceName, serviceNames } from '@ballast/contracts';
import { cloneRoot } from '@ballast/local';
import { createMessage, encode, writeTopic } from '@ballast/messaging';
import { openPool } from '@ballast/platform';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Customer, fillShop } from '../chaos/mixed-orders.js';
import { judge, type JudgeOptions } from '../invariants/judge.js';
import { openShop } from './shop.js';

const { stack } = await openShop();
const customer = new Customer(stack);
afterAll(() => customer.close());
const limits = { settleWithinMs: 10_000 };

beforeAll(async () => {
  await fillShop(stack);
  await customer.awaitEnds(await customer.place(60));
});

const violated = async (options: JudgeOptions = {}) =>
  (await judge(stack, { limits, ...options })).invariants
    .filter(({ verdict }) => verdict === 'violated')
    .map(({ name, violations }) => ({
      name,
      orders: [...new Set(violations.map(({ orderId }) => orderId))],
    }));

test('a healthy stack is judged valid, with its counts as evidence', async () => {
  const { verdict, invariants } = await judge(stack, { limits, acknowledged: customer.acknowledged });
  expect(invariants.filter(invariant => invariant.verdict !== 'holds')).toEqual([]);
  expect(verdict).toBe('valid');
  expect(
    invariants.find(({ name }) => name === 'the services agree on how an order ended')!.evidence,
  ).toEqual({
    completed: 36,
    cancelled: 24,
  });
});

test('with too little to go by, nothing is proved', async () => {
  const { verdict, invariants } = await judge(stack, { limits: { ...limits, completedMin: 1_000 } });
  expect(verdict).toBe('unknown');
  expect(invariants[0]).toMatchObject({
    verdict: 'unknown',
    lacking: '36 orders completed, at least 1000 needed',
  });
});

test('an order that the API acknowledged and nobody has is missed', async () => {
  const lost = '019a0000-0000-7000-8000-000000000001';
  expect(await violated({ acknowledged: [lost] })).toEqual([
    { name: 'every accepted order ends', orders: [lost] },
  ]);
});

test('a row that was doctored is found by the invariants that it breaks, and the command says so', async () => {
  const [doctored] = await inDatabase<{ id: string }>(
    'inventory',
    `UPDATE reservation SET status = 'reserved'
     WHERE order_id = (SELECT order_id FROM reservation WHERE status = 'released' LIMIT 1)
     RETURNING order_id AS id`,
  );
  expect(await violated()).toEqual([
    { name: 'the services agree on how an order ended', orders: [doctored!.id] },
    { name: 'stock adds up, and is what the orders hold', orders: [null] },
  ]);
  const { status, output, json } = check(stack.directory);
  expect(status).toBe(1);
  expect(output).toContain(
    `VIOLATED: the services agree on how an order ended; 1 violations; orders ${doctored!.id}`,
  );
  expect(json.verdict).toBe('invalid');
  await inDatabase('inventory', "UPDATE reservation SET status = 'released' WHERE status = 'reserved'");
});

test('a message that nobody can handle is found, unless it was poisoned on purpose', async () => {
  const subject = '019a0000-0000-7000-8000-000000000002';
  const poison = createMessage({
    at: new Date(),
    type: 'inventory.burn',
    source: '/arsonist',
    subject,
    data: {},
  });
  await writeTopic(stack.brokers, 'inventory.commands', [
    { partition: 0, key: subject, value: encode(poison) },
  ]);
  expect(await violated({ poison: new Set([poison.id]) })).toEqual([]);
  expect(await violated()).toContainEqual({
    name: 'no dead letter or held message is unexplained',
    orders: [subject],
  });
});

test('without a stack the command says so in a line, and proves nothing', () => {
  const empty = mkdtempSync(join(tmpdir(), 'no-stack-'));
  const { status, output } = check(empty);
  expect(output).toBe('There is no stack to check: `npm start` starts one.\n');
  expect(status).toBe(2);
  rmSync(empty, { recursive: true });
});

async function inDatabase<Row>(service: ServiceName, text: string): Promise<Row[]> {
  const pool = openPool({ url: stack.databaseUrls[service], applicationName: 'doctor', max: 1 });
  try {
    return (await pool.query<Row>({ text })).rows;
  } finally {
    await pool.end();
  }
}

/** What `npm run check` runs once everything is built. */
function check(directory: string) {
  const file = join(directory, 'judgement.json');
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        name !== 'KAFKA_BROKERS' && !serviceNames.some(of => name === `${of.toUpperCase()}_DATABASE_URL`),
    ),
  );
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(cloneRoot, 'test/dist/invariants/check.js'), '--json', file],
    { env: { ...environment, BALLAST_DIRECTORY: directory }, encoding: 'utf8' },
  );
  const json = status === 2 ? null : JSON.parse(readFileSync(file, 'utf8'));
  return { status, output: stdout, json };
}

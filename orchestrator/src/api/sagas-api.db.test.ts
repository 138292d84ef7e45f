import { problems, SagaView } from '@ballast/contracts';
import { messagingMigrations } from '@ballast/messaging';
import { placeOrder } from '@ballast/place-order';
import { buildApplication, createLogger, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { afterAll, expect, test } from 'vitest';
import { OrchestratorApiModule } from '../orchestrator-api.module.js';
import { Definitions } from '../sagas/definitions.js';
import { answerTo, newOrder, Passes, startOf } from '../sagas/passes.fixture.js';
import { SagaReader } from '../storage/saga-reader.js';
import { orchestratorMigrations } from '../storage/statements.js';

const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const passes = await Passes.open(database, [placeOrder]);
const pool = openPool({ url: database.url, applicationName: 'test', max: 2 });
const app = await buildApplication({
  name: 'orchestrator',
  module: OrchestratorApiModule.register(new SagaReader(pool), new Definitions([placeOrder])),
  logger: createLogger({ name: 'test', level: 'silent' }),
  problems,
});
afterAll(async () => {
  await app.close();
  await Promise.all([pool.end(), passes.close()]);
});

async function show(orderId: string): Promise<SagaView> {
  const response = await app.inject({ method: 'GET', url: `/sagas/${orderId}` });
  expect(response.statusCode).toBe(200);
  return SagaView.strict().parse(response.json());
}

const stepsOf = ({ steps }: SagaView) =>
  steps.map(
    ({ name, state, attempts, undone }) => `${name}: ${state}, ${attempts}${undone ? ', undone' : ''}`,
  );

test('a running saga shows each step, also those that have not begun', async () => {
  const orderId = newOrder();
  const { send } = await passes.pass(startOf(orderId));
  await passes.pass(answerTo(send[0]!.message));
  const view = await show(orderId.toUpperCase());
  expect(view).toMatchObject({
    id: orderId,
    definition: 'place-order',
    version: 1,
    state: 'running',
    reason: null,
    endedAt: null,
  });
  expect(stepsOf(view)).toEqual([
    'reserve stock: done, 1',
    'authorize payment: sent, 1',
    'book shipment: not begun, 0',
    'capture payment: not begun, 0',
    'commit stock: not begun, 0',
    'dispatch shipment: not begun, 0',
    'complete order: not begun, 0',
  ]);
});

test('a compensated saga shows why, and what was undone', async () => {
  const orderId = newOrder();
  await passes.settle(await passes.pass(startOf(orderId)), {
    'shipping.book': { outcome: 'rejected', code: 'NO_CAPACITY' },
  });
  const view = await show(orderId);
  expect(view).toMatchObject({ state: 'compensated', reason: 'NO_CAPACITY', startedAt: view.endedAt });
  expect(stepsOf(view).slice(0, 4)).toEqual([
    'reserve stock: undone, 1, undone',
    'authorize payment: undone, 1, undone',
    'book shipment: rejected, 1',
    'capture payment: not begun, 0',
  ]);
});

test('a saga whose definition is not there any more shows the steps that have begun', async () => {
  const orderId = newOrder();
  await passes.pass(startOf(orderId));
  await passes.rows('UPDATE saga SET version = 7 WHERE order_id = $1', [orderId]);
  expect(stepsOf(await show(orderId))).toEqual(['reserve stock: sent, 1']);
});

test.each([newOrder(), 'abc', '%00', `${newOrder()}x`, 'x'.repeat(250)])(
  'there is no saga %s: 404',
  async id => {
    const response = await app.inject({ method: 'GET', url: `/sagas/${id}` });
    expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([404, 'SAGA_NOT_FOUND']);
  },
);

test('the API is documented', async () => {
  const document = await app.inject({ method: 'GET', url: '/docs-json' });
  expect(document.json()).toMatchObject({
    paths: { '/sagas/{id}': { get: { responses: { 200: {}, 404: {} } } } },
  });
});

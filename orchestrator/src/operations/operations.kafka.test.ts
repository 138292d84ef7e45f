import {
  allTopics,
  type OperationView,
  problems,
  repliesTopic,
  type SagaDetails,
  type SagaPage,
} from '@ballast/contracts';
import {
  encode,
  type LaneHandler,
  laneOf,
  LaneServer,
  type Message,
  messagingMigrations,
  type PassContext,
  type Work,
  writeTopic,
} from '@ballast/messaging';
import { buildApplication, createLogger, OperationsServer } from '@ballast/platform';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Configuration } from '../configuration.js';
import { OrchestratorModule } from '../orchestrator.module.js';
import { answerTo, newOrder, startOf } from '../sagas/passes.fixture.js';
import { orchestratorMigrations } from '../storage/statements.js';

const lanes = 4;
const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
const { brokers, prefix } = await topicsForTest({ names: allTopics, partitions: lanes });
const logger = createLogger({ name: 'orchestrator', level: 'silent' });
const configuration = Configuration.parse({
  PORT: '0',
  KAFKA_BROKERS: brokers.join(','),
  TOPIC_PREFIX: prefix,
  DATABASE_URL: database.url,
  LANES: String(lanes),
  PARK_AFTER_ATTEMPTS: '2',
});
const app = await buildApplication({
  name: 'orchestrator',
  module: OrchestratorModule.register(configuration, logger),
  logger,
  problems,
  strategy: app => app.get(LaneServer),
});
const operations = `${app.get(OperationsServer).url}/operations`;

/** Every participant, as far as the orchestrator sees them: all agree, and the carrier is away until it is back. */
let isCarrierAway = true;
const answered = (asked: Message): Message =>
  isCarrierAway && asked.type === 'shipping.dispatch'
    ? answerTo(asked, { outcome: 'refused', code: 'CARRIER_AWAY' })
    : answerTo(asked);

const participants: LaneHandler = {
  claimed: () => Promise.resolve([]),
  dropped: () => undefined,
  process: work => {
    const asked = work.flatMap(item => (item.kind === 'message' ? [item.message] : []));
    const answers = asked.filter(({ step }) => step !== undefined).map(answered);
    const send = answers.map(message => ({ topic: repliesTopic, message }));
    return Promise.resolve({ send, hold: [], timers: [] });
  },
};
const theirDatabase = await databaseForTest({ sets: [messagingMigrations] });
const theirs = LaneServer.from(
  { ...configuration, DATABASE_URL: theirDatabase.url },
  {
    service: 'participants',
    topics: ['inventory.commands', 'payment.commands', 'shipping.commands', 'order.commands'],
  },
  participants,
  logger,
);
theirs.addHandler('participants', (work: Work[], context: PassContext) =>
  participants.process(work, context.pass),
);

const start = (orderId: string) =>
  writeTopic(brokers, `${prefix}orchestrator.commands`, [
    { partition: laneOf(orderId, lanes), key: orderId, value: encode(startOf(orderId)) },
  ]);

beforeAll(async () => {
  const listening = new Promise<void>((resolve, reject) =>
    theirs.listen(error => (error === undefined ? resolve() : reject(error as Error))),
  );
  await Promise.all([app.startAllMicroservices(), listening]);
});
afterAll(async () => {
  await Promise.all([app.close(), theirs.close()]);
});

async function ask<Body>(path: string, body?: object): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${operations}/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operator: 'dana', reason: 'the carrier is back', ...body }),
    }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

const saga = async (orderId: string) => (await ask<SagaDetails>(`sagas/${orderId}`)).body;

test('a party that keeps failing parks its saga; an operator resumes it once it is mended, and the order completes', async () => {
  const orderId = newOrder();
  await start(orderId);
  await expect
    .poll(async () => saga(orderId))
    .toMatchObject({ state: 'parked', reason: 'dispatch shipment: CARRIER_AWAY' });
  expect((await ask<SagaPage>('sagas?status=parked')).body).toMatchObject({
    sagas: [{ id: orderId, waitingFor: ['dispatch shipment'] }],
    parked: 1,
  });
  const health = await app.inject({ method: 'GET', url: '/health/ready' });
  expect(health.json()).toMatchObject({ details: { sagas: { status: 'up', parked: 1 } } });

  expect(await ask(`sagas/${orderId}/actions`, { action: 'force-undo' })).toMatchObject({
    status: 409,
    body: { code: 'OPERATION_REFUSED', detail: expect.stringContaining('"capture payment"') as string },
  });
  isCarrierAway = false;
  const resumed = await ask<OperationView>(`sagas/${orderId}/actions`, { action: 'resume' });
  expect(resumed).toMatchObject({ status: 200, body: { actions: [{ outcome: 'applied' }] } });
  await expect.poll(async () => saga(orderId)).toMatchObject({ state: 'completed' });
  const told = (await saga(orderId)).timeline.flatMap(({ action }) => (action === null ? [] : [action]));
  expect(told.map(({ action, outcome }) => `${action}: ${outcome}`)).toEqual([
    'force-undo: refused',
    'resume: applied',
  ]);
  expect(await database.rows('SELECT FROM parked_saga')).toEqual([]);
});

test('the operators have a port of their own: what is there is not on the other', async () => {
  const other = await app.inject({ method: 'GET', url: '/operations/sagas' });
  expect(other.statusCode).toBe(404);
  const documented = await fetch(operations.replace('/operations', '/docs-json'));
  expect(await documented.json()).toMatchObject({ paths: { '/operations/retry': {} } });
});

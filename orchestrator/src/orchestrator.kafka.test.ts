import { allTopics, problems, repliesTopic } from '@ballast/contracts';
import {
  encode,
  laneOf,
  LaneServer,
  type Message,
  messagingMigrations,
  readTopic,
  writeTopic,
} from '@ballast/messaging';
import { buildApplication, createLogger } from '@ballast/platform';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Configuration } from './configuration.js';
import { OrchestratorModule } from './orchestrator.module.js';
import { answerTo, newOrder, startOf } from './sagas/passes.fixture.js';
import { orchestratorMigrations } from './storage/statements.js';

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
});
const app = await buildApplication({
  name: 'orchestrator',
  module: OrchestratorModule.register(configuration, logger),
  logger,
  problems,
  strategy: app => app.get(LaneServer),
});
beforeAll(() => app.startAllMicroservices());
afterAll(() => app.close());

const write = (topic: string, message: Message, value = encode(message)) =>
  writeTopic(brokers, prefix + topic, [
    { partition: laneOf(message.subject, lanes), key: message.subject, value },
  ]);

/** The message of this type for this order, once it is on its topic. */
async function sent(type: string, orderId: string): Promise<Message> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(100)) {
    for (const { key, value } of await readTopic(brokers, `${prefix}${type.split('.')[0]}.commands`)) {
      const message = JSON.parse(String(value)) as Message;
      if (key === orderId && message.type === type) return message;
    }
  }
  throw new Error(`no ${type} was sent for ${orderId}`);
}

test('a saga that is started over Kafka asks, takes the answers, and shows over HTTP how it ended', async () => {
  const orderId = newOrder();
  await write('orchestrator.commands', startOf(orderId));
  const reserve = await sent('inventory.reserve', orderId);
  await write(repliesTopic, answerTo(reserve));
  const authorize = await sent('payment.authorize', orderId);
  await write(repliesTopic, answerTo(authorize, { outcome: 'rejected', code: 'CARD_DECLINED' }));
  await write(repliesTopic, answerTo(await sent('inventory.release', orderId)));
  expect(await sent('order.cancel', orderId)).toMatchObject({
    sagaid: orderId,
    data: { reason: 'CARD_DECLINED' },
  });

  const response = await app.inject({ method: 'GET', url: `/sagas/${orderId}` });
  expect(response.json()).toMatchObject({ state: 'compensated', reason: 'CARD_DECLINED' });
});

test('what can not be understood goes to the dead letters, and the lane goes on', async () => {
  const [broken, next] = [newOrder(), newOrder()];
  const lane = laneOf(next, lanes);
  const answer = { ...startOf(broken), data: 'nonsense' };
  await writeTopic(brokers, `${prefix}orchestrator.commands`, [
    { partition: lane, key: broken, value: 'nonsense' },
    { partition: lane, key: 'abc', value: encode({ ...startOf(next), subject: 'abc' }) },
    { partition: laneOf(broken, lanes), key: broken, value: encode(answer) },
  ]);
  await write('orchestrator.commands', startOf(next));
  await sent('inventory.reserve', next);
  const dead = () =>
    database.rows<{ key: string }>(`SELECT convert_from(key, 'UTF8') AS key FROM dead_letter`);
  await expect
    .poll(async () => (await dead()).map(({ key }) => key).sort())
    .toEqual([broken, broken, 'abc'].sort());
});

test('it is ready while it holds its lanes', async () => {
  const health = async () => {
    const response = await app.inject({ method: 'GET', url: '/health/ready' });
    return [response.statusCode, response.json()];
  };
  await expect.poll(health).toMatchObject([200, { status: 'ok' }]);
});

import 'reflect-metadata';
import {
  askDecision,
  commitStock,
  deadLettersTopic,
  inputTopics,
  problems,
  releaseStock,
  reserveStock,
  topicOf,
  type Answer,
  type ReservationView,
  type StockLine,
  type StockView,
} from '@ballast/contracts';
import {
  decode,
  LaneServer,
  messagingMigrations,
  participantMigrations,
  readTopic,
  type Message,
} from '@ballast/messaging';
import { buildApplication, createLogger, parseConfiguration } from '@ballast/platform';
import { type About, coordinatorForTest, databaseForTest, topicsForTest } from '@ballast/testkit';
import { afterAll } from 'vitest';
import { Configuration } from './configuration.js';
import { InventoryModule } from './inventory.module.js';
import { inventoryMigrations } from './storage/statements.js';

const lanes = 4;

/**
 * The whole service on the real Kafka and PostgreSQL, as a coordinator sees it. To be called at the top level of a test
 * file.
 */
export async function inventoryForTest(settings: Readonly<Record<string, string>> = {}) {
  const database = await databaseForTest({
    sets: [messagingMigrations, participantMigrations, inventoryMigrations],
  });
  const topics = await topicsForTest({
    names: [...inputTopics.inventory, ...inputTopics.orchestrator, deadLettersTopic],
    partitions: lanes,
  });
  const environment = {
    PORT: '0',
    KAFKA_BROKERS: topics.brokers.join(','),
    TOPIC_PREFIX: topics.prefix,
    DATABASE_URL: database.url,
    LANES: String(lanes),
    ...settings,
  };
  const coordinator = coordinatorForTest(topics, { commands: inputTopics.inventory[0], lanes });
  let service = await started(environment);
  const others: (typeof service)[] = [];
  afterAll(() => Promise.all([service, ...others].map(replica => replica.close())));

  const get = async <T>(url: string): Promise<T> => (await service.inject(url)).json<T>();

  return {
    database,
    ...coordinator,
    /** What was sent to the coordinator beside answers. */
    async asked(): Promise<Message[]> {
      const records = await readTopic(topics.brokers, topics.prefix + topicOf(askDecision));
      return records.map(({ key, value }) => decode(key, value));
    },
    async restart(): Promise<void> {
      await service.close();
      service = await started(environment);
    },
    async addReplica(): Promise<void> {
      others.push(await started(environment));
    },
    post: (url: string, payload: object) => service.inject({ method: 'POST', url, payload }),
    /** What each order was answered so far. */
    async answers(): Promise<Map<string, Answer[]>> {
      const messages = Map.groupBy(await coordinator.replies(), ({ subject }) => subject);
      return new Map([...messages].map(([orderId, all]) => [orderId, all.map(({ data }) => data)]));
    },
    async answersTo(orderId: string, count: number): Promise<Answer[]> {
      return (await coordinator.repliesTo(orderId, count)).map(({ data }) => data);
    },
    get,
    deliver: (sku: string, quantity: number) =>
      service.inject({ method: 'POST', url: `/stock/${sku}/deliveries`, payload: { quantity } }),
    stockOf: (sku: string) => get<StockView>(`/stock/${sku}`),
    reservationOf: (orderId: string) => get<ReservationView>(`/reservations/${orderId}`),
  };
}

async function started(environment: Record<string, string>) {
  const configuration = parseConfiguration(Configuration, environment);
  const logger = createLogger({ name: 'inventory', level: 'silent' });
  const app = await buildApplication({
    name: 'inventory',
    module: InventoryModule.register(configuration, logger),
    logger,
    problems,
    strategy: context => context.get(LaneServer),
  });
  await app.startAllMicroservices();
  return app;
}

export const reserve = (...lines: StockLine[]): About => ({ type: reserveStock.type, data: { lines } });
export const release: About = { type: releaseStock.type, data: {} };
export const commit: About = { type: commitStock.type, data: {} };

export const done = (reply: object) => ({ outcome: 'done', reply });

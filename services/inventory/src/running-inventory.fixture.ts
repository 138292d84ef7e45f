import 'reflect-metadata';
import {
  answerType,
  askDecision,
  commitStock,
  deadLettersTopic,
  inputTopics,
  problems,
  releaseStock,
  repliesTopic,
  reserveStock,
  topicOf,
  type Answer,
  type ReservationView,
  type StockLine,
  type StockView,
} from '@ballast/contracts';
import {
  createMessage,
  decode,
  encode,
  laneOf,
  LaneServer,
  messagingMigrations,
  participantMigrations,
  readTopic,
  writeTopic,
  type Message,
} from '@ballast/messaging';
import { buildApplication, createLogger, parseConfiguration } from '@ballast/platform';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import { afterAll, expect } from 'vitest';
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
  let service = await started(environment);
  const others: (typeof service)[] = [];
  let attempts = 1;
  afterAll(() => Promise.all([service, ...others].map(replica => replica.close())));

  async function send(...messages: Message[]): Promise<void> {
    const records = messages.map(message => ({
      partition: laneOf(message.subject, lanes),
      key: message.subject,
      value: encode(message),
    }));
    await writeTopic(topics.brokers, topics.prefix + inputTopics.inventory[0], records);
  }

  /** One message each: who takes a lane over may send its predecessor's last answers again. */
  async function answerMessages(): Promise<Message<Answer>[]> {
    const records = await readTopic(topics.brokers, topics.prefix + repliesTopic);
    const messages = records.map(({ key, value }) => decode(key, value) as Message<Answer>);
    return [...new Map(messages.map(message => [message.id, message])).values()];
  }

  async function answers(): Promise<Map<string, Answer[]>> {
    const messages = Map.groupBy(await answerMessages(), ({ subject }) => subject);
    return new Map([...messages].map(([orderId, all]) => [orderId, all.map(({ data }) => data)]));
  }

  async function answersTo(orderId: string, count: number): Promise<Answer[]> {
    let found: Answer[] = [];
    await until(async () => (found = (await answers()).get(orderId) ?? []).length >= count);
    expect(found).toHaveLength(count);
    return found;
  }

  const get = async <T>(url: string): Promise<T> => (await service.inject(url)).json<T>();

  return {
    database,
    send,
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
    answers,
    answersTo,
    get,
    /** Sends a command and waits for its answer, which is told from those to earlier ones by its attempt. */
    async ask(orderId: string, about: About): Promise<Answer> {
      const asked = { ...command(orderId, about), attempt: ++attempts };
      const type = answerType(about);
      await send(asked);
      let found: Message<Answer>[] = [];
      await until(async () => {
        found = (await answerMessages()).filter(
          answer => answer.subject === orderId && answer.type === type && answer.attempt === asked.attempt,
        );
        return found.length > 0;
      });
      expect(found).toHaveLength(1);
      return found[0]!.data;
    },
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

interface About {
  readonly type: string;
  readonly data: unknown;
}

export const reserve = (...lines: StockLine[]): About => ({ type: reserveStock.type, data: { lines } });
export const release: About = { type: releaseStock.type, data: {} };
export const commit: About = { type: commitStock.type, data: {} };

export const done = (reply: object) => ({ outcome: 'done', reply });

/** A new message each time. */
export const command = (orderId: string, { type, data }: About): Message =>
  createMessage({
    at: new Date(),
    type,
    source: '/orchestrator',
    subject: orderId,
    data,
    sagaid: orderId,
    step: type,
    attempt: 1,
  });

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { interval: 20 }).toBe(true);
}

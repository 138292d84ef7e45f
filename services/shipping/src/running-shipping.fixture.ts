import 'reflect-metadata';
import {
  bookShipment,
  cancelShipment,
  deadLettersTopic,
  dispatchShipment,
  inputTopics,
  problems,
  repliesTopic,
  type Answer,
  type CapacityView,
  type Programme,
  type ShipmentView,
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
import { carrier as carrierParty, Journal, Rules, serve } from '@ballast/simulators';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import { afterAll, expect } from 'vitest';
import { Configuration } from './configuration.js';
import { ShippingModule } from './shipping.module.js';
import { shippingMigrations } from './storage/statements.js';

const lanes = 4;

/**
 * The whole service on the real Kafka and PostgreSQL, with the simulated carrier, as a coordinator sees it.
 * To be called at the top level of a test file.
 */
export async function shippingForTest() {
  const database = await databaseForTest({
    sets: [messagingMigrations, participantMigrations, shippingMigrations],
  });
  const topics = await topicsForTest({
    names: [...inputTopics.shipping, repliesTopic, deadLettersTopic],
    partitions: lanes,
  });
  const journal = new Journal();
  const rules = new Rules();
  const carrier = serve(carrierParty(), journal, rules);
  const environment = {
    PORT: '0',
    KAFKA_BROKERS: topics.brokers.join(','),
    TOPIC_PREFIX: topics.prefix,
    DATABASE_URL: database.url,
    LANES: String(lanes),
    CARRIER_URL: await carrier.listen({ host: '127.0.0.1', port: 0 }),
  };
  let service = await started(environment);
  afterAll(async () => {
    await service.close();
    await carrier.close();
  });

  async function send(...messages: Message[]): Promise<void> {
    const records = messages.map(message => ({
      partition: laneOf(message.subject, lanes),
      key: message.subject,
      value: encode(message),
    }));
    await writeTopic(topics.brokers, topics.prefix + inputTopics.shipping[0], records);
  }

  /** One message each: who takes a lane over may send its predecessor's last answers again. */
  async function allReplies(): Promise<Message<Answer>[]> {
    const records = await readTopic(topics.brokers, topics.prefix + repliesTopic);
    const messages = records.map(({ key, value }) => decode(key, value) as Message<Answer>);
    return [...new Map(messages.map(message => [message.id, message])).values()];
  }

  const replies = async (orderId: string) =>
    (await allReplies()).filter(({ subject }) => subject === orderId);

  async function repliesTo(orderId: string, count: number): Promise<Message<Answer>[]> {
    let found: Message<Answer>[] = [];
    await until(async () => (found = await replies(orderId)).length >= count);
    expect(found).toHaveLength(count);
    return found;
  }

  /** The first answer to each of many orders, once all of them have one. */
  async function firstRepliesTo(orderIds: readonly string[]): Promise<Message<Answer>[]> {
    let found = new Map<string, Message<Answer>[]>();
    await until(async () => {
      found = Map.groupBy(await allReplies(), ({ subject }) => subject);
      return orderIds.every(orderId => found.has(orderId));
    });
    return orderIds.map(orderId => found.get(orderId)![0]!);
  }

  const get = async <T>(url: string): Promise<T> => (await service.inject(url)).json<T>();
  return {
    database,
    send,
    repliesTo,
    firstRepliesTo,
    get,
    /** Sends a command and waits for the next answer to its order. */
    async ask(orderId: string, about: About): Promise<Answer> {
      const before = (await replies(orderId)).length;
      await send(command(orderId, about));
      return (await repliesTo(orderId, before + 1)).at(-1)!.data;
    },
    async restart(): Promise<void> {
      await service.close();
      service = await started(environment);
    },
    addSlots: (zone: string, slots: number) =>
      service.inject({ method: 'POST', url: `/zones/${zone}/days/${day}/slots`, payload: { slots } }),
    capacityOf: (zone: string) => get<CapacityView>(`/zones/${zone}/days/${day}`),
    shipmentOf: (orderId: string) => get<ShipmentView>(`/shipments/${orderId}`),
    /** Tells the carrier how to behave from now on: well, without rules. */
    misbehave: (...programme: Partial<Programme['rules'][number]>[]) =>
      rules.replace({
        rules: programme.map(rule => ({ match: {}, answer: 'normal', delayMs: 0, probability: 1, ...rule })),
      }),
    /** What the carrier did for an order, each thing once. */
    doneAtCarrier: (orderId: string) =>
      journal.entries
        .filter(({ key, outcome }) => key.startsWith(orderId) && outcome === 'done')
        .map(entry => entry.operation),
  };
}

async function started(environment: Record<string, string>) {
  const configuration = parseConfiguration(Configuration, environment);
  const logger = createLogger({ name: 'shipping', level: 'silent' });
  const app = await buildApplication({
    name: 'shipping',
    module: ShippingModule.register(configuration, logger),
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

export const day = '2030-12-24';
export const book = (zone: string): About => ({
  type: bookShipment.type,
  data: {
    from: 'york',
    address: { zone, name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1 7HX' },
    day,
  },
});
export const cancel: About = { type: cancelShipment.type, data: {} };
export const dispatch: About = { type: dispatchShipment.type, data: {} };

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

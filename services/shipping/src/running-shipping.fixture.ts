import 'reflect-metadata';
import {
  bookShipment,
  cancelShipment,
  deadLettersTopic,
  dispatchShipment,
  inputTopics,
  problems,
  repliesTopic,
  type CapacityView,
  type Programme,
  type ShipmentView,
} from '@ballast/contracts';
import { LaneServer, messagingMigrations, participantMigrations } from '@ballast/messaging';
import { buildApplication, createLogger, parseConfiguration } from '@ballast/platform';
import { carrier as carrierParty, Journal, Rules, serve } from '@ballast/simulators';
import { type About, coordinatorForTest, databaseForTest, topicsForTest } from '@ballast/testkit';
import { afterAll } from 'vitest';
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
  const coordinator = coordinatorForTest(topics, { commands: inputTopics.shipping[0], lanes });
  let service = await started(environment);
  afterAll(async () => {
    await service.close();
    await carrier.close();
  });

  const get = async <T>(url: string): Promise<T> => (await service.inject(url)).json<T>();
  return {
    database,
    ...coordinator,
    get,
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

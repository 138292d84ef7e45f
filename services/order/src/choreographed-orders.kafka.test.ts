import {
  type DataOf,
  type EventType,
  inputTopics,
  orderDeadlinePassed,
  paymentCaptured,
  paymentVoided,
  problems,
  shipmentCancelled,
  shipmentDispatched,
  stockCommitted,
  stockReleased,
  topicOfEvent,
} from '@ballast/contracts';
import {
  createMessage,
  decode,
  encode,
  laneOf,
  LaneServer,
  type Message,
  messagingMigrations,
  participantMigrations,
  readTopic,
  writeTopic,
} from '@ballast/messaging';
import { buildApplication, createLogger, parseConfiguration } from '@ballast/platform';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aBody } from './api/order-api.fixture.js';
import { Configuration } from './configuration.js';
import { OrderModule } from './order.module.js';
import { orderMigrations } from './storage/statements.js';

/* The order service alone: what the others announce is written to their topics by the tests. */

const laneCount = 4;
/** Longer than the tests take for what has to be done before the deadline. */
const orderTimeoutMs = 10_000;
const patience = { timeout: 60_000 };
const topics = await topicsForTest({ names: inputTopics.order, partitions: laneCount });
const database = await databaseForTest({
  sets: [messagingMigrations, participantMigrations, orderMigrations],
});
const inventory = createServer((_, response) => response.writeHead(200).end());
const logger = createLogger({ name: 'order', level: 'silent' });
let app: Awaited<ReturnType<typeof started>>;

async function started() {
  const configuration = parseConfiguration(Configuration, {
    PORT: '0',
    KAFKA_BROKERS: topics.brokers.join(','),
    TOPIC_PREFIX: topics.prefix,
    DATABASE_URL: database.url,
    LANES: String(laneCount),
    INVENTORY_URL: `http://127.0.0.1:${(inventory.address() as AddressInfo).port}`,
    ORDER_TIMEOUT_MS: String(orderTimeoutMs),
  });
  const application = await buildApplication({
    name: 'order',
    module: OrderModule.register(configuration, logger),
    logger,
    problems,
    strategy: context => context.get(LaneServer),
  });
  await application.startAllMicroservices();
  return application;
}

beforeAll(async () => {
  await new Promise<void>(resolve => inventory.listen(0, '127.0.0.1', resolve));
  app = await started();
});
afterAll(async () => {
  await app.close();
  inventory.close();
});

async function place(): Promise<string> {
  const payload = { ...aBody, protocol: 'choreographed' };
  const response = await app.inject({ method: 'POST', url: '/orders', payload });
  expect(response.statusCode).toBe(202);
  return response.json<{ id: string }>().id;
}

/** What another service announces. */
function announce<E extends EventType>(event: E, orderId: string, data: DataOf<E>): Promise<void> {
  const [service] = event.type.split('.');
  const message = createMessage({
    type: event.type,
    source: `/${service}`,
    subject: orderId,
    data,
    at: new Date(),
  });
  return writeTopic(topics.brokers, topics.prefix + topicOfEvent(event), [
    { partition: laneOf(orderId, laneCount), key: orderId, value: encode(message) },
  ]);
}

const announced = async (orderId: string): Promise<Message[]> =>
  (await readTopic(topics.brokers, `${topics.prefix}order.events`))
    .filter(({ key }) => key === orderId)
    .map(({ key, value }) => decode(key, value));

const ended = async (orderId: string) =>
  (await app.inject({ method: 'GET', url: `/orders/${orderId}?wait=30000` })).json<object>();

// Side by side: both wait for the deadline to pass.
describe.concurrent('within its deadline', () => {
  test(
    'an order is announced with its deadline, and completed when the others have done their parts, in any order',
    patience,
    async () => {
      const id = await place();
      await expect.poll(() => announced(id)).toHaveLength(1);
      const [placed] = await announced(id);
      expect(placed).toMatchObject({
        type: 'order.placed',
        source: '/order',
        data: { customerId: aBody.customerId },
      });
      expect(Date.parse(placed!.deadline!) - Date.parse(placed!.time)).toBe(orderTimeoutMs);

      const waiting = ended(id);
      await announce(shipmentDispatched, id, { trackingNumber: 'T-1' });
      await announce(stockCommitted, id, {});
      await announce(paymentCaptured, id, { captureId: 'c-1' });
      expect(await waiting).toMatchObject({ status: 'COMPLETED', protocol: 'choreographed' });
      await sleep(orderTimeoutMs);
      expect((await announced(id)).map(({ type }) => type)).toEqual(['order.placed']);
    },
  );

  test(
    'a customer’s cancel is asked of the payment, once however often he asks, and ends the order when all have undone their parts',
    patience,
    async () => {
      const id = await place();
      for (let times = 0; times < 2; times++) {
        expect((await app.inject({ method: 'POST', url: `/orders/${id}/cancel` })).statusCode).toBe(202);
      }
      await expect.poll(() => announced(id)).toHaveLength(2);
      await sleep(orderTimeoutMs);
      // The payment has been asked: the deadline has nothing to add.
      expect((await announced(id)).map(({ type }) => type).sort()).toEqual([
        'order.cancel-requested',
        'order.placed',
      ]);
    },
  );
});

test(
  'a deadline that passes while the service is away is announced once it is back, and once only',
  patience,
  async () => {
    const id = await place();
    const known = 'SELECT FROM choreographed_order WHERE open AND due_at IS NOT NULL AND order_id = $1';
    await expect.poll(() => database.rows(known, [id])).toHaveLength(1);
    await app.close();
    await sleep(orderTimeoutMs);
    expect((await announced(id)).map(({ type }) => type)).toEqual(['order.placed']);
    app = await started();
    await expect.poll(() => announced(id)).toHaveLength(2);
    expect((await announced(id))[1]).toMatchObject({
      type: orderDeadlinePassed.type,
      data: { reason: 'DEADLINE' },
    });

    const why = { reason: 'DEADLINE' };
    const waiting = ended(id);
    await announce(stockReleased, id, why);
    await announce(shipmentCancelled, id, why);
    await announce(paymentVoided, id, why);
    expect(await waiting).toMatchObject({ status: 'CANCELLED', reason: 'DEADLINE' });
    expect(await announced(id)).toHaveLength(2);
  },
);

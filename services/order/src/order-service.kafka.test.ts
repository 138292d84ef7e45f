import { cancelOrder, completeOrder, inputTopics, problems, repliesTopic } from '@ballast/contracts';
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
import { createLogger, parseConfiguration, startService } from '@ballast/platform';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { aBody } from './api/order-api.fixture.js';
import { Configuration } from './configuration.js';
import { OrderModule } from './order.module.js';
import { orderMigrations } from './storage/statements.js';

const laneCount = 4;
const commandsTopic = 'orchestrator.commands';
const topics = await topicsForTest({
  names: [...inputTopics.order, commandsTopic, repliesTopic],
  partitions: laneCount,
});
const database = await databaseForTest({
  sets: [messagingMigrations, participantMigrations, orderMigrations],
});

/** Inventory, as far as this service asks it: it has everything but ghosts. */
const inventory = createServer((request, response) =>
  response.writeHead(request.url?.includes('ghost') === true ? 404 : 200).end(),
);
let service: Awaited<ReturnType<typeof startService>>;

beforeAll(async () => {
  await new Promise<void>(resolve => inventory.listen(0, '127.0.0.1', resolve));
  const configuration = parseConfiguration(Configuration, {
    PORT: '0',
    KAFKA_BROKERS: topics.brokers.join(','),
    TOPIC_PREFIX: topics.prefix,
    DATABASE_URL: database.url,
    LANES: String(laneCount),
    INVENTORY_URL: `http://127.0.0.1:${(inventory.address() as AddressInfo).port}`,
  });
  const logger = createLogger({ name: 'order', level: 'silent' });
  service = await startService({
    name: 'order',
    module: OrderModule.register(configuration, logger),
    configuration,
    logger,
    problems,
    strategy: app => app.get(LaneServer),
  });
  const isReady = async () => expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  await vi.waitFor(isReady, { timeout: 20_000 });
});
afterAll(async () => {
  await service.app.close();
  inventory.close();
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { interval: 25 }).toBe(true);
}

const post = (path: string, body?: unknown) =>
  fetch(service.url + path, {
    method: 'POST',
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });

async function place(): Promise<string> {
  const response = await post('/orders', aBody);
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

/** Sends commands as the orchestrator does. */
function send(...commands: { type: string; id: string; data?: unknown }[]): Promise<void> {
  const messages = commands.map(({ type, id, data = {} }) =>
    createMessage({
      type,
      source: '/orchestrator',
      subject: id,
      data,
      sagaid: id,
      step: 'end',
      attempt: 1,
      at: new Date(),
    }),
  );
  return writeTopic(
    topics.brokers,
    topics.prefix + inputTopics.order[0],
    messages.map(message => ({
      partition: laneOf(message.subject, laneCount),
      key: message.subject,
      value: encode(message),
    })),
  );
}

/** One message each: what took longer than five seconds to be sent is swept up, and sent again. */
async function messagesOn(topic: string, id: string): Promise<Message[]> {
  const records = await readTopic(topics.brokers, topics.prefix + topic);
  const messages = records.filter(({ key }) => key === id).map(({ key, value }) => decode(key, value));
  return [...new Map(messages.map(message => [message.id, message])).values()];
}

async function waitFor(id: string): Promise<unknown> {
  return (await fetch(`${service.url}/orders/${id}?wait=30000`)).json();
}

describe('an order that is placed over HTTP', () => {
  test('starts its flow on Kafka, in the lane of its id, and leaves nothing in the outbox', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => place()));
    await until(async () => (await database.rows('SELECT FROM outbox')).length === 0);
    const records = await readTopic(topics.brokers, topics.prefix + commandsTopic);
    const started = records.map(record => ({ ...record, message: decode(record.key, record.value) }));
    expect([...new Set(started.map(({ message }) => message.id))]).toHaveLength(ids.length);
    expect([...new Set(started.map(({ key }) => key))].sort()).toEqual([...ids].sort());
    for (const { message, partition } of started) {
      expect(message).toMatchObject({ type: 'orchestrator.start', data: { definition: 'place-order' } });
      expect(partition).toBe(laneOf(message.subject, laneCount));
    }
  });

  test('is completed by the flow, once; who waits for it is told, and the flow is answered', async () => {
    const id = await place();
    const waiting = waitFor(id);
    await send({ type: completeOrder.type, id });
    expect(await waiting).toMatchObject({ id, status: 'COMPLETED', endedAt: expect.any(String) });
    await send({ type: completeOrder.type, id });
    await until(async () => (await messagesOn(repliesTopic, id)).length === 2);
    for (const reply of await messagesOn(repliesTopic, id)) {
      expect(reply).toMatchObject({
        type: 'order.complete.answered',
        source: '/order',
        sagaid: id,
        step: 'end',
        attempt: 1,
        data: { outcome: 'done', reply: {} },
      });
    }
  });

  test('is cancelled by the flow, with the reason', async () => {
    const id = await place();
    await send({ type: cancelOrder.type, id, data: { reason: 'INSUFFICIENT_FUNDS' } });
    expect(await waitFor(id)).toMatchObject({ id, status: 'CANCELLED', reason: 'INSUFFICIENT_FUNDS' });
  });

  test('never leaves its terminal state: the flow that tries is refused', async () => {
    const id = await place();
    await send(
      { type: cancelOrder.type, id, data: { reason: 'DEADLINE' } },
      { type: completeOrder.type, id },
    );
    await until(async () => (await messagesOn(repliesTopic, id)).length === 2);
    expect((await messagesOn(repliesTopic, id)).map(({ data }) => data)).toMatchObject([
      { outcome: 'done' },
      { outcome: 'refused', code: 'ORDER_ENDED_OTHERWISE' },
    ]);
    expect(await waitFor(id)).toMatchObject({ status: 'CANCELLED', reason: 'DEADLINE' });
  });

  test('that was placed before under its key does not hold up those that are placed after it', async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'again' };
    for (let times = 0; times < 2; times++) {
      await fetch(`${service.url}/orders`, { method: 'POST', headers, body: JSON.stringify(aBody) });
      await until(async () => (await database.rows('SELECT FROM outbox')).length === 0);
    }
    const id = await place();
    await until(async () => (await messagesOn(commandsTopic, id)).length === 1);
    // What is left behind is sent as well, after five seconds, but for the process it still waits.
    const health = async () => (await fetch(`${service.url}/health/ready`)).json();
    await expect.poll(health).toMatchObject({ details: { outbox: { backlog: 0 } } });
  });

  test('asks the flow to cancel when the customer does', async () => {
    const id = await place();
    expect((await post(`/orders/${id}/cancel`)).status).toBe(202);
    expect((await post(`/orders/${id}/cancel`)).status).toBe(202);
    await until(async () => (await database.rows('SELECT FROM outbox')).length === 0);
    const messages = await messagesOn(commandsTopic, id);
    expect(messages.map(({ type }) => type).sort()).toEqual(['orchestrator.cancel', 'orchestrator.start']);
  });
});

test('an order that does not exist cannot end, and does not hold up its lane', async () => {
  const id = '019a6f00-0000-7000-8000-000000000000';
  await send({ type: completeOrder.type, id });
  await until(async () => (await messagesOn(repliesTopic, id)).length === 1);
  expect((await messagesOn(repliesTopic, id))[0]!.data).toMatchObject({
    outcome: 'refused',
    code: 'ORDER_UNKNOWN',
  });
});

test('an unknown SKU is refused by asking inventory', async () => {
  const response = await post('/orders', { ...aBody, lines: [{ ...aBody.lines[0], sku: 'ghost' }] });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ code: 'UNKNOWN_SKU', sku: 'ghost' });
});

test('a thousand orders that end together are told of in few answers', { timeout: 90_000 }, async () => {
  const batches = await Promise.all(
    Array.from({ length: 2 }, () =>
      post('/orders/batch', { orders: Array.from({ length: 500 }, () => ({ order: aBody })) }),
    ),
  );
  const results = await Promise.all(
    batches.map(batch => batch.json() as Promise<{ results: { id: string }[] }>),
  );
  const open = new Set(results.flatMap(batch => batch.results.map(({ id }) => id)));
  expect(open.size).toBe(1_000);
  await send(...[...open].map(id => ({ type: completeOrder.type, id })));
  let answers = 0;
  while (open.size > 0) {
    const response = await post('/orders/status?wait=30000', { ids: [...open] });
    const { ended } = (await response.json()) as { ended: { id: string; status: string }[] };
    expect(ended.length).toBeGreaterThan(0);
    for (const { id, status } of ended) expect([open.delete(id), status]).toEqual([true, 'COMPLETED']);
    answers++;
  }
  expect(answers).toBeLessThan(100);
});

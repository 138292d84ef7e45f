import 'reflect-metadata';
import {
  authorizePayment,
  capturePayment,
  deadLettersTopic,
  inputTopics,
  problems,
  repliesTopic,
  voidPayment,
  type Answer,
  type AuthorizationView,
  type LedgerView,
  type Programme,
} from '@ballast/contracts';
import {
  createMessage,
  decode,
  encode,
  LaneServer,
  laneOf,
  messagingMigrations,
  participantMigrations,
  readTopic,
  writeTopic,
  type Message,
} from '@ballast/messaging';
import { buildApplication, createLogger, parseConfiguration } from '@ballast/platform';
import { cardGateway, captureDeclinedToken, declinedToken, Journal, Rules, serve } from '@ballast/simulators';
import { databaseForTest, topicsForTest } from '@ballast/testkit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Configuration } from './configuration.js';
import { PaymentModule } from './payment.module.js';
import { paymentMigrations } from './storage/statements.js';

const lanes = 4;
const database = await databaseForTest({
  sets: [messagingMigrations, participantMigrations, paymentMigrations],
});
const topics = await topicsForTest({
  names: [...inputTopics.payment, repliesTopic, deadLettersTopic],
  partitions: lanes,
});
const journal = new Journal();
const rules = new Rules();
const gateway = serve(cardGateway(), journal, rules);
let gatewayUrl: string;
let service: NestFastifyApplication;

beforeAll(async () => {
  gatewayUrl = await gateway.listen({ host: '127.0.0.1', port: 0 });
  service = await started();
});
afterAll(async () => {
  await service.close();
  await gateway.close();
});
let number = 0;
let alice = '';
beforeEach(() => {
  alice = `alice-${++number}`;
  misbehave();
});

async function started(): Promise<NestFastifyApplication> {
  const configuration = parseConfiguration(Configuration, {
    PORT: '0',
    KAFKA_BROKERS: topics.brokers.join(','),
    TOPIC_PREFIX: topics.prefix,
    DATABASE_URL: database.url,
    LANES: String(lanes),
    CARD_GATEWAY_URL: gatewayUrl,
  });
  const logger = createLogger({ name: 'payment', level: 'silent' });
  const module = PaymentModule.register(configuration, logger);
  const strategy = (app: { get(type: typeof LaneServer): LaneServer }) => app.get(LaneServer);
  const app = await buildApplication({ name: 'payment', module, logger, problems, strategy });
  await app.startAllMicroservices();
  return app;
}

const byWallet = { kind: 'wallet' } as const;
const byCard = (token = 'tok_works') => ({ kind: 'card', token }) as const;
const authorize = (amountCents: number, method: typeof byWallet | ReturnType<typeof byCard>) => ({
  type: authorizePayment.type,
  data: { customerId: alice, amountCents, method },
});
const capture = (orderId: string) => ({ type: capturePayment.type, data: { authorizationId: orderId } });
const giveBack = { type: voidPayment.type, data: {} };
const misbehave = (...programme: Partial<Programme['rules'][number]>[]) =>
  rules.replace({
    rules: programme.map(rule => ({ match: {}, answer: 'normal', delayMs: 0, probability: 1, ...rule })),
  });

describe('an order that is paid from a wallet', () => {
  test('moves its money to escrow and on to the merchant', async () => {
    const [orderId, before] = [randomUUID(), await ledger()];
    await deposit(1_000);
    expect(await ask(orderId, authorize(400, byWallet))).toEqual(done({ authorizationId: orderId }));
    expect(await balance()).toBe(600);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'HELD', amountCents: 400, method: 'wallet' });
    expect(await changeSince(before)).toEqual({ customers: 600, escrow: 400, merchant: 0, bank: -1_000 });
    expect(await ask(orderId, capture(orderId))).toEqual(done({ captureId: orderId }));
    expect(await paymentOf(orderId)).toMatchObject({ status: 'CAPTURED' });
    expect(await changeSince(before)).toEqual({ customers: 600, escrow: 0, merchant: 400, bank: -1_000 });
  });

  test('gets its money back when it is voided, and cannot be captured any more', async () => {
    const orderId = randomUUID();
    await deposit(1_000);
    await ask(orderId, authorize(400, byWallet));
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await balance()).toBe(1_000);
    expect(await ask(orderId, capture(orderId))).toMatchObject({
      outcome: 'rejected',
      code: 'CAPTURE_DECLINED',
    });
    expect(await paymentOf(orderId)).toMatchObject({ status: 'VOIDED' });
  });

  test('is rejected without the money, and without a wallet', async () => {
    expect(await ask(randomUUID(), authorize(400, byWallet))).toMatchObject({
      outcome: 'rejected',
      code: 'UNKNOWN_CUSTOMER',
    });
    await deposit(399);
    const orderId = randomUUID();
    expect(await ask(orderId, authorize(400, byWallet))).toMatchObject({
      outcome: 'rejected',
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(await paymentOf(orderId)).toMatchObject({ status: 'DECLINED', postings: [] });
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await balance()).toBe(399);
  });

  test('never starts once its undo came first', async () => {
    const orderId = randomUUID();
    await deposit(1_000);
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await ask(orderId, authorize(400, byWallet))).toEqual({ outcome: 'aborted' });
    expect(await ask(orderId, capture(orderId))).toMatchObject({
      outcome: 'rejected',
      code: 'CAPTURE_DECLINED',
    });
    expect(await balance()).toBe(1_000);
  });

  test('pays once, however often each of its commands comes', async () => {
    const orderId = randomUUID();
    await deposit(1_000);
    const [hold, take] = [command(orderId, authorize(400, byWallet)), command(orderId, capture(orderId))];
    const again = command(orderId, authorize(400, byWallet));
    await send(hold, hold, again, take, again, hold, take, command(orderId, capture(orderId)));
    const answers = await repliesTo(orderId, 4);
    expect(answers.map(({ data }) => data)).toEqual([
      done({ authorizationId: orderId }),
      done({ authorizationId: orderId }),
      done({ captureId: orderId }),
      done({ captureId: orderId }),
    ]);
    expect(await balance()).toBe(600);
  });

  test('shares its wallet with others in one pass: the last cent is spent once', async () => {
    await deposit(1_000);
    const orders = Array.from({ length: 30 }, () => randomUUID());
    await send(...orders.map(orderId => command(orderId, authorize(100, byWallet))));
    const answers = await Promise.all(orders.map(async orderId => (await repliesTo(orderId, 1))[0]?.data));
    expect(answers.filter(answer => answer?.outcome === 'done')).toHaveLength(10);
    expect(answers.filter(answer => answer?.outcome === 'rejected')).toHaveLength(20);
    expect(await balance()).toBe(0);
  });
});

describe('an order that is paid by card', () => {
  const doneAt = (orderId: string) =>
    journal.entries
      .filter(({ key, outcome }) => key.startsWith(orderId) && outcome === 'done')
      .map(e => e.operation);

  test('holds and captures at the gateway; only the capture is money in our books', async () => {
    const [orderId, before] = [randomUUID(), await ledger()];
    expect(await ask(orderId, authorize(400, byCard()))).toEqual(done({ authorizationId: orderId }));
    expect(await changeSince(before)).toEqual({ customers: 0, escrow: 0, merchant: 0, bank: 0 });
    const captured = await ask(orderId, capture(orderId));
    expect(captured).toMatchObject({
      outcome: 'done',
      reply: { captureId: expect.stringMatching(/^capture_/) },
    });
    expect(await changeSince(before)).toEqual({ customers: 0, escrow: 0, merchant: 400, bank: -400 });
    expect(doneAt(orderId)).toEqual(['hold', 'capture']);
  });

  test('is rejected when the card is declined', async () => {
    const orderId = randomUUID();
    expect(await ask(orderId, authorize(400, byCard(declinedToken)))).toMatchObject({
      outcome: 'rejected',
      code: 'CARD_DECLINED',
    });
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(doneAt(orderId)).toEqual([]);
  });

  test('keeps its hold when the capture is declined, and gives it up when it is voided', async () => {
    const orderId = randomUUID();
    await ask(orderId, authorize(400, byCard(captureDeclinedToken)));
    expect(await ask(orderId, capture(orderId))).toMatchObject({
      outcome: 'rejected',
      code: 'CAPTURE_DECLINED',
    });
    expect(await paymentOf(orderId)).toMatchObject({ status: 'HELD', postings: [] });
    expect(await ask(orderId, giveBack)).toEqual(done({}));
    expect(await paymentOf(orderId)).toMatchObject({ status: 'VOIDED', postings: [] });
    expect(doneAt(orderId)).toEqual(['hold', 'void']);
  });

  test('is charged once when the gateway works and cuts the connection, or is out of order, again and again', async () => {
    const orderId = randomUUID();
    misbehave({ answer: 'error', times: 1 }, { answer: 'unknown', times: 2 });
    expect(await ask(orderId, authorize(400, byCard()))).toEqual(done({ authorizationId: orderId }));
    misbehave({ answer: 'unknown', times: 2 }, { answer: 'error', times: 1 });
    expect(await ask(orderId, capture(orderId))).toMatchObject({ outcome: 'done' });
    expect(doneAt(orderId)).toEqual(['hold', 'capture']);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'CAPTURED' });
  });

  test('that is voided while the gateway is asked is reversed after its answer', async () => {
    const orderId = randomUUID();
    misbehave({ match: { operation: 'hold' }, delayMs: 800 });
    await send(command(orderId, authorize(400, byCard())), command(orderId, giveBack));
    const answers = await repliesTo(orderId, 2);
    expect(answers.map(({ type, data }) => [type, data])).toEqual([
      ['payment.authorize.answered', { outcome: 'aborted' }],
      ['payment.void.answered', done({})],
    ]);
    expect(doneAt(orderId)).toEqual(['hold', 'void']);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'VOIDED', postings: [] });
  });

  test('that is voided while it is captured comes too late', async () => {
    const orderId = randomUUID();
    await ask(orderId, authorize(400, byCard()));
    misbehave({ match: { operation: 'capture' }, delayMs: 800 });
    await send(command(orderId, capture(orderId)), command(orderId, giveBack));
    const answers = await repliesTo(orderId, 3);
    expect(answers.slice(1).map(({ data }) => data)).toMatchObject([
      { outcome: 'done' },
      { outcome: 'refused', code: 'ALREADY_CAPTURED' },
    ]);
    expect(doneAt(orderId)).toEqual(['hold', 'capture']);
  });

  test('does not hold up anybody else while the gateway is slow', async () => {
    const [slow, quick] = [randomUUID(), randomUUID()];
    await deposit(1_000);
    misbehave({ match: { operation: 'hold' }, delayMs: 3_000 });
    await send(command(slow, authorize(400, byCard())));
    await until(async () => (await paymentOf(slow)).status === 'AUTHORIZING');
    expect(await ask(quick, authorize(400, byWallet))).toMatchObject({ outcome: 'done' });
    expect(await paymentOf(slow)).toMatchObject({ status: 'AUTHORIZING' });
    expect(await repliesTo(slow, 1)).toMatchObject([{ data: { outcome: 'done' } }]);
  });

  test('is asked for again under the same key by whoever owns the lane next', async () => {
    const orderId = randomUUID();
    misbehave({ match: { operation: 'hold' }, delayMs: 3_000 });
    await send(command(orderId, authorize(400, byCard())));
    await until(async () => (await paymentOf(orderId)).status === 'AUTHORIZING');
    await service.close();
    service = await started();
    expect(await repliesTo(orderId, 1)).toMatchObject([{ data: { outcome: 'done' } }]);
    expect(doneAt(orderId)).toEqual(['hold']);
  });
});

describe('a command that the contract does not allow', () => {
  test.each([
    ['no amount', { customerId: 'alice', method: byWallet }],
    ['a fraction of a cent', { customerId: 'alice', amountCents: 0.5, method: byWallet }],
    ['a customer id with U+0000', { customerId: 'a\u0000', amountCents: 1, method: byWallet }],
    ['an unknown method', { customerId: 'alice', amountCents: 1, method: { kind: 'cash' } }],
  ])('goes to the dead letters and moves nothing: %s', async (_, data) => {
    const [orderId, other] = [randomUUID(), randomUUID()];
    const before = await ledger();
    await send(command(orderId, { type: authorizePayment.type, data }), command(other, giveBack));
    await repliesTo(other, 1);
    await until(async () => {
      const rows = await database.rows('SELECT FROM dead_letter WHERE order_id = $1', [orderId]);
      return rows.length === 1;
    });
    expect(await ledger()).toEqual(before);
    expect(await database.rows('SELECT FROM payment WHERE order_id = $1', [orderId])).toEqual([]);
  });
});

test('is ready when its lanes and its database are, and the ledger agrees with its postings and wallets', async () => {
  expect((await service.inject('/health/ready')).statusCode).toBe(200);
  const { accounts, sumCents, walletsCents } = await ledger();
  const postings = await database.rows<{ account: string; sum: number }>(
    'SELECT account, sum(amount_cents)::float8 AS sum FROM posting GROUP BY account',
  );
  const sums = new Map(postings.map(({ account, sum }) => [account, sum]));
  const balances = accounts.map(({ account, balanceCents }) => [account, balanceCents]);
  expect(balances).toEqual([
    ['customers', sums.get('customer')],
    ['escrow', sums.get('escrow')],
    ['merchant', sums.get('merchant')],
    ['bank', sums.get('bank')],
  ]);
  expect({ sumCents, walletsCents }).toEqual({ sumCents: 0, walletsCents: sums.get('customer') });
  const held = await database.rows<{ sum: number }>(
    `SELECT coalesce(sum(amount_cents), 0)::float8 AS sum FROM payment WHERE status = 'held' AND card_token IS NULL`,
  );
  expect(sums.get('escrow')).toBe(held[0]?.sum);
});

function command(orderId: string, { type, data }: { type: string; data: unknown }): Message {
  return createMessage({
    at: new Date(),
    type,
    source: '/orchestrator',
    subject: orderId,
    data,
    sagaid: orderId,
    step: type,
    attempt: 1,
  });
}

async function send(...messages: Message[]): Promise<void> {
  const records = messages.map(message => ({
    partition: laneOf(message.subject, lanes),
    key: message.subject,
    value: encode(message),
  }));
  await writeTopic(topics.brokers, topics.prefix + inputTopics.payment[0], records);
}

/** Sends a command and waits for the next answer to its order. */
async function ask(orderId: string, about: { type: string; data: unknown }): Promise<Answer> {
  const before = (await replies(orderId)).length;
  await send(command(orderId, about));
  return (await repliesTo(orderId, before + 1)).at(-1)!.data;
}

async function repliesTo(orderId: string, count: number): Promise<Message<Answer>[]> {
  let found: Message<Answer>[] = [];
  await until(async () => (found = await replies(orderId)).length >= count);
  expect(found).toHaveLength(count);
  return found;
}

async function replies(orderId: string): Promise<Message<Answer>[]> {
  const records = await readTopic(topics.brokers, topics.prefix + repliesTopic);
  return records
    .filter(({ key }) => key === orderId)
    .map(({ key, value }) => decode(key, value) as Message<Answer>);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < 15_000; await sleep(20)) {
    if (await isSo()) return;
  }
  expect.fail('waited for 15 seconds');
}

const done = (reply: object) => ({ outcome: 'done', reply });
const get = async <T>(url: string): Promise<T> => (await service.inject(url)).json<T>();
const deposit = (amountCents: number) =>
  service.inject({ method: 'POST', url: `/accounts/${alice}/deposits`, payload: { amountCents } });
const balance = async () => (await get<{ balanceCents: number }>(`/accounts/${alice}`)).balanceCents;
const paymentOf = (orderId: string) => get<AuthorizationView>(`/authorizations/${orderId}`);
const ledger = () => get<LedgerView>('/ledger');

async function changeSince(before: LedgerView): Promise<Record<string, number>> {
  const { accounts } = await ledger();
  return Object.fromEntries(
    accounts.map(({ account, balanceCents }, i) => [
      account,
      balanceCents - before.accounts[i]!.balanceCents,
    ]),
  );
}

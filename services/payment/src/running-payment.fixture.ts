import 'reflect-metadata';
import {
  authorizePayment,
  capturePayment,
  deadLettersTopic,
  inputTopics,
  problems,
  repliesTopic,
  voidPayment,
  type AuthorizationView,
  type LedgerView,
  type Programme,
} from '@ballast/contracts';
import { LaneServer, messagingMigrations, participantMigrations } from '@ballast/messaging';
import { buildApplication, createLogger, parseConfiguration } from '@ballast/platform';
import { cardGateway, Journal, Rules, serve } from '@ballast/simulators';
import { type About, coordinatorForTest, databaseForTest, topicsForTest } from '@ballast/testkit';
import { afterAll } from 'vitest';
import { Configuration } from './configuration.js';
import { PaymentModule } from './payment.module.js';
import { paymentMigrations } from './storage/statements.js';

const lanes = 4;

/**
 * The whole service on the real Kafka and PostgreSQL, with the simulated card gateway, as a coordinator sees it.
 * To be called at the top level of a test file.
 */
export async function paymentForTest() {
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
  let calls = 0;
  gateway.addHook('onRequest', async ({ url }) => void (url.startsWith('/holds') && calls++));
  const environment = {
    PORT: '0',
    KAFKA_BROKERS: topics.brokers.join(','),
    TOPIC_PREFIX: topics.prefix,
    DATABASE_URL: database.url,
    LANES: String(lanes),
    CARD_GATEWAY_URL: await gateway.listen({ host: '127.0.0.1', port: 0 }),
  };
  const coordinator = coordinatorForTest(topics, { commands: inputTopics.payment[0], lanes });
  let service = await started(environment);
  afterAll(async () => {
    await service.close();
    await gateway.close();
  });

  const get = async <T>(url: string): Promise<T> => (await service.inject(url)).json<T>();
  const ledger = () => get<LedgerView>('/ledger');

  return {
    database,
    ...coordinator,
    get,
    ledger,
    async restart(): Promise<void> {
      await service.close();
      service = await started(environment);
    },
    deposit: (customerId: string, amountCents: number) =>
      service.inject({ method: 'POST', url: `/accounts/${customerId}/deposits`, payload: { amountCents } }),
    balance: async (customerId: string) =>
      (await get<{ balanceCents: number }>(`/accounts/${customerId}`)).balanceCents,
    paymentOf: (orderId: string) => get<AuthorizationView>(`/authorizations/${orderId}`),
    async changeSince(before: LedgerView): Promise<Record<string, number>> {
      const { accounts } = await ledger();
      return Object.fromEntries(
        accounts.map(({ account, balanceCents }, i) => [
          account,
          balanceCents - before.accounts[i]!.balanceCents,
        ]),
      );
    },
    /** Tells the gateway how to behave from now on: well, without rules. */
    misbehave: (...programme: Partial<Programme['rules'][number]>[]) =>
      rules.replace({
        rules: programme.map(rule => ({ match: {}, answer: 'normal', delayMs: 0, probability: 1, ...rule })),
      }),
    /** How often the gateway was asked for anything. */
    callsAtGateway: () => calls,
    /** The service's own HTTP interface. */
    http: async (method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object) => {
      const answer = await service.inject({ method, url, ...(payload && { payload }) });
      // Tests look into it as a client would, without a schema.
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      return { status: answer.statusCode, body: answer.json<any>() };
    },
    /** What the gateway did for an order, each thing once. */
    doneAtGateway: (orderId: string) =>
      journal.entries
        .filter(({ key, outcome }) => key.startsWith(orderId) && outcome === 'done')
        .map(entry => entry.operation),
  };
}

async function started(environment: Record<string, string>) {
  const configuration = parseConfiguration(Configuration, environment);
  const logger = createLogger({ name: 'payment', level: 'silent' });
  const app = await buildApplication({
    name: 'payment',
    module: PaymentModule.register(configuration, logger),
    logger,
    problems,
    strategy: context => context.get(LaneServer),
  });
  await app.startAllMicroservices();
  return app;
}

export const byWallet = { kind: 'wallet' } as const;
export const byCard = (token = 'tok_works') => ({ kind: 'card', token }) as const;

export const authorize = (
  customerId: string,
  amountCents: number,
  method: typeof byWallet | ReturnType<typeof byCard>,
): About => ({ type: authorizePayment.type, data: { customerId, amountCents, method } });
export const capture = (orderId: string): About => ({
  type: capturePayment.type,
  data: { authorizationId: orderId },
});
export const giveBack: About = { type: voidPayment.type, data: {} };

export const done = (reply: object) => ({ outcome: 'done', reply });

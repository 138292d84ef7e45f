import { problems } from '@ballast/contracts';
import {
  type HttpOutboxRow,
  laneOf,
  encode,
  messagingMigrations,
  type OutboxRow,
  type Outgoing,
} from '@ballast/messaging';
import { buildApplication, createLogger, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import type { OrderProgress } from '../domain/order-progress.js';
import type { Admission } from '../intake/admission.js';
import type { SkuAnswer } from '../intake/known-skus.js';
import { OrderApiModule } from '../order-api.module.js';
import { ProgressRepository } from '../storage/progress-repository.js';
import { orderMigrations } from '../storage/statements.js';
import { OrderWatcher } from '../watching/order-watcher.js';

/**
 * The API on a real database, without Kafka: what would be sent is kept in `sent`. To be called at the top level of a
 * test file.
 */
export async function orderApi({
  lockTimeoutMs = 200,
  ...options
}: { seats?: number; admission?: Admission; lockTimeoutMs?: number } = {}) {
  const database = await databaseForTest({ sets: [messagingMigrations, orderMigrations] });
  const logger = createLogger({ name: 'order', level: 'silent' });
  const url = `${database.url}?options=${encodeURIComponent(`-c lock_timeout=${lockTimeoutMs}`)}`;
  const pool = openPool({ url, applicationName: 'order', max: 4, logger });
  afterAll(() => pool.end());

  const slowSku = Promise.withResolvers<SkuAnswer>();
  let isSlowSkuAsked = false;
  const askSku = async (sku: string): Promise<SkuAnswer> => {
    if (sku !== 'slow') return sku.startsWith('unknown') ? 'unknown' : 'known';
    isSlowSkuAsked = true;
    return slowSku.promise;
  };

  const sent: OutboxRow[] = [];
  const outbox = {
    rows: (outgoing: readonly Outgoing[]): HttpOutboxRow[] =>
      outgoing.map(({ topic, message }) => ({
        lane: laneOf(message.subject, 16),
        topic,
        key: message.subject,
        value: encode(message),
      })),
    committed: (rows: readonly OutboxRow[]) => void sent.push(...rows),
    backlog: 0,
  };
  const app = await buildApplication({
    name: 'order',
    logger,
    problems,
    module: OrderApiModule.register({
      database: pool,
      outbox,
      askSku,
      orderTimeoutMs: 30_000,
      unsentMax: 10_000,
      logger,
      ...options,
    }),
  });
  await app.getHttpAdapter().getInstance().ready();
  afterAll(() => app.close());

  return {
    app,
    pool,
    database,
    sent,
    /** Does something while a request is in hand: one that orders the article `slow` waits for its end. */
    whileInHand: async <T>(request: () => Promise<T>, meanwhile: () => Promise<void>): Promise<T> => {
      const answer = request();
      while (!isSlowSkuAsked) await sleep(1);
      await meanwhile();
      slowSku.resolve('known');
      return answer;
    },
    inject: app.inject.bind(app),
    /** Posts JSON; a string is sent as it is. */
    post: (url: string, body: unknown, headers: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', ...headers },
        payload: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (url: string) => app.inject({ method: 'GET', url }),
    /** Ends an order as its lane's owner would; `here` when that is this process. */
    end: async (id: string, progress: OrderProgress, here: 'here' | 'elsewhere' = 'elsewhere') => {
      await new ProgressRepository().save(pool, { own: new Map([[id, progress]]) });
      if (here === 'here') app.get(OrderWatcher).nudge([id]);
    },
    countOrders: async () =>
      (await database.rows<{ count: number }>('SELECT count(*)::int AS count FROM orders'))[0]!.count,
  };
}

/** As `aBody`, with an article that inventory takes its time for. */
export const slowBody = () => ({ ...aBody, lines: [{ sku: 'slow', quantity: 1, unitPriceCents: 100 }] });

/** A valid body of `POST /orders`: two kettles and a cup, 82.50 in all. */
export const aBody = {
  customerId: 'alice',
  lines: [
    { sku: 'blue-kettle', quantity: 2, unitPriceCents: 3_900 },
    { sku: 'red-cup', quantity: 1, unitPriceCents: 450 },
  ],
  payment: { kind: 'wallet' },
  address: { zone: 'north', name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1 7HX' },
};

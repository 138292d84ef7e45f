import { problems } from '@ballast/contracts';
import {
  decode,
  encode,
  type HttpOutboxRow,
  messagingMigrations,
  type OutboxRow,
  type Outgoing,
} from '@ballast/messaging';
import { placeOrder, placeOrderTcc } from '@ballast/place-order';
import { buildApplication, createLogger, openPool } from '@ballast/platform';
import { withDefaults } from '@ballast/saga';
import { databaseForTest } from '@ballast/testkit';
import { withPatience } from '@ballast/two-phase';
import { afterAll } from 'vitest';
import { Definitions } from '../sagas/definitions.js';
import { lane, Passes } from '../sagas/passes.fixture.js';
import { SagaReader } from '../storage/saga-reader.js';
import { orchestratorMigrations } from '../storage/statements.js';
import { OperationsApiModule } from './operations-api.module.js';

/**
 * The operators' API on a real database, without Kafka: the sagas' owner takes its messages at once, one pass each. To be
 * called at the top level of a test file. Sagas, and what is confirmed or cancelled, are parked after two attempts.
 */
export async function operationsApi({ stretchMax = 10_000 } = {}) {
  const database = await databaseForTest({ sets: [messagingMigrations, orchestratorMigrations] });
  const patience = { parkAfterAttempts: 2 };
  const known = [withDefaults(placeOrder, patience), withPatience(placeOrderTcc, patience)];
  const passes = await Passes.open(database, known);
  const pool = openPool({ url: database.url, applicationName: 'test', max: 4 });
  const owner = new Owner(passes);
  const app = await buildApplication({
    name: 'operations',
    module: OperationsApiModule.register({
      database: pool,
      outbox: owner,
      definitions: new Definitions(known),
      reader: new SagaReader(pool, stretchMax),
    }),
    logger: createLogger({ name: 'operations', level: 'silent' }),
    problems,
  });
  await app.getHttpAdapter().getInstance().ready();
  afterAll(async () => {
    await app.close();
    await owner.idle();
    await Promise.all([pool.end(), passes.close()]);
  });
  const who = { operator: 'dana', reason: 'ticket 4711' };
  const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: `/operations/${url}`,
      headers: { 'content-type': 'application/json', ...headers },
      payload: JSON.stringify(body),
    });
  return {
    passes,
    owner,
    app,
    post,
    get: (url: string) => app.inject({ method: 'GET', url: `/operations/${url}` }),
    /** An action of an operator called dana. */
    act: (orderId: string, body: object, headers: Record<string, string> = {}, query = '') =>
      post(`sagas/${orderId}/actions${query}`, { ...who, ...body }, headers),
    rows: database.rows.bind(database),
  };
}

/** Stands for Kafka and the owner of the sagas' lane. */
export class Owner {
  /** Messages wait while it is away. */
  away = false;
  #taken: Promise<unknown> = Promise.resolve();
  #waiting: OutboxRow[] = [];
  readonly taken: string[] = [];

  constructor(private readonly passes: Passes) {}

  rows(outgoing: readonly Outgoing[]): HttpOutboxRow[] {
    return outgoing.map(({ topic, message }) => ({
      lane,
      topic,
      key: message.subject,
      value: encode(message),
    }));
  }

  committed(rows: readonly OutboxRow[]): void {
    if (this.away) this.#waiting.push(...rows);
    else this.#taken = this.#taken.then(() => this.#take(rows));
  }

  comesBack(): Promise<unknown> {
    this.away = false;
    this.committed(this.#waiting.splice(0));
    return this.#taken;
  }

  idle(): Promise<unknown> {
    return this.#taken;
  }

  async #take(rows: readonly OutboxRow[]): Promise<void> {
    const messages = rows.map(({ key, value }) => decode(key, Buffer.from(value)));
    this.taken.push(...messages.map(({ type }) => type));
    if (messages.length > 0) await this.passes.pass(...messages);
  }
}

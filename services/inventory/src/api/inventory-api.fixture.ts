import 'reflect-metadata';
import { problems } from '@ballast/contracts';
import { buildApplication, createLogger, openPool } from '@ballast/platform';
import { databaseForTest } from '@ballast/testkit';
import { afterAll } from 'vitest';
import { InventoryApiModule } from '../inventory-api.module.js';
import { inventoryMigrations } from '../storage/statements.js';

export const problemJson = 'application/problem+json; charset=utf-8';

/** The API over a database of this test file's own, without a port. To be called at the top level of the file. */
export async function inventoryApiForTest() {
  const database = await databaseForTest({ sets: [inventoryMigrations] });
  const logger = createLogger({ name: 'inventory', level: 'silent' });
  const pool = openPool({ url: database.url, applicationName: 'inventory', max: 8, logger });
  const module = InventoryApiModule.register(pool);
  const app = await buildApplication({ name: 'inventory', module, logger, problems });
  afterAll(async () => {
    await app.close();
    await pool.end();
  });
  const post = async (url: string, payload: unknown, headers: Record<string, string> = {}) =>
    answerOf(await app.inject({ method: 'POST', url, payload: payload as object, headers }));
  return {
    database,
    pool,
    post,
    get: async (url: string) => answerOf(await app.inject({ url })),
    deliver: (sku: string, quantity: unknown, key?: string) =>
      post(`/stock/${sku}/deliveries`, { quantity }, key === undefined ? {} : { 'idempotency-key': key }),
  };
}

/** The type is there for errors only, `replayed` for replays. */
function answerOf(response: { statusCode: number; body: string; headers: Record<string, unknown> }) {
  const { 'content-type': type, 'idempotency-replayed': replayed } = response.headers;
  return {
    status: response.statusCode,
    body: JSON.parse(response.body) as unknown,
    ...(response.statusCode >= 400 && { type }),
    ...(replayed !== undefined && { replayed }),
  };
}

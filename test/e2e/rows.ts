import type { ServiceName } from '@ballast/contracts';
import { openPool } from '@ballast/platform';
import type { Shop } from './shop.js';

/** Rows of a service's database, as they are committed. */
export async function rowsOf<Row>(
  shop: Shop,
  service: ServiceName,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const pool = openPool({ url: shop.stack.databaseUrls[service], applicationName: 'test', max: 1 });
  try {
    return (await pool.query<Row>({ text, values })).rows;
  } finally {
    await pool.end();
  }
}

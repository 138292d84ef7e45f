import type { Stack } from '@ballast/local';
import { openPool } from '@ballast/platform';

/**
 * Locks the row of an article, as a transaction does that somebody left open: whoever wants it has to wait. Resolves when
 * it is locked, with what lets it go.
 */
export async function lockGoods({ databaseUrls }: Stack, sku: string): Promise<() => Promise<void>> {
  const pool = openPool({ url: databaseUrls.inventory, applicationName: 'locking', max: 1 });
  const connection = await pool.connect();
  await connection.query({ text: 'BEGIN' });
  await connection.query({ text: 'SELECT FROM stock WHERE sku = $1 FOR UPDATE', values: [sku] });
  return async () => {
    await connection.query({ text: 'ROLLBACK' });
    connection.release();
    await pool.end();
  };
}

import type { ServiceName } from '@ballast/contracts';
import { openPool } from '@ballast/platform';
import { expect } from 'vitest';
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

/**
 * Of orders that have all ended: each has all of its effects or none, nothing is set aside for any, and the books add
 * up.
 * @param delivered by article
 */
export async function expectWhole(shop: Shop, delivered: Readonly<Record<string, number>>): Promise<void> {
  const orders = await rowsOf<{ id: string; status: string; reason: string | null }>(
    shop,
    'order',
    'SELECT id, status, reason FROM orders ORDER BY id',
  );
  expect(orders.filter(({ status }) => status === 'PENDING')).toEqual([]);
  const completed = orders.filter(({ status }) => status === 'COMPLETED').map(({ id }) => id);
  const effects = {
    inventory: `SELECT order_id AS id FROM reservation WHERE status = 'shipped' ORDER BY 1`,
    payment: `SELECT order_id AS id FROM payment WHERE status = 'captured' ORDER BY 1`,
    shipping: `SELECT order_id AS id FROM shipment WHERE status = 'dispatched' ORDER BY 1`,
  };
  const halfDone = {
    inventory: `SELECT order_id FROM reservation WHERE status = 'reserved'`,
    payment: `SELECT order_id FROM payment WHERE status NOT IN ('captured', 'voided', 'declined')`,
    shipping: `SELECT order_id FROM shipment WHERE status NOT IN ('dispatched', 'cancelled')`,
  };
  for (const service of ['inventory', 'payment', 'shipping'] as const) {
    const done = await rowsOf<{ id: string }>(shop, service, effects[service]);
    expect({ service, done: done.map(({ id }) => id) }).toEqual({ service, done: completed });
    expect({ service, open: await rowsOf(shop, service, halfDone[service]) }).toEqual({ service, open: [] });
    expect({ service, held: await rowsOf(shop, service, 'SELECT * FROM hold') }).toEqual({
      service,
      held: [],
    });
    const letters = await rowsOf(shop, service, 'SELECT error FROM dead_letter');
    expect({ service, letters }).toEqual({ service, letters: [] });
  }
  const taken = await rowsOf<{ id: string }>(
    shop,
    'shipping',
    'SELECT order_id AS id FROM slot WHERE order_id IS NOT NULL ORDER BY 1',
  );
  expect(taken.map(({ id }) => id)).toEqual(completed);
  for (const [sku, quantity] of Object.entries(delivered)) {
    const { available, reserved, shipped } = await shop.stock(sku);
    expect({ sku, reserved, sum: available + shipped }).toEqual({ sku, reserved: 0, sum: quantity });
  }
  const ledger = await shop.ledger();
  const balance = (account: string) =>
    ledger.accounts.find(found => found.account === account)?.balanceCents ?? 0;
  expect(ledger.sumCents).toBe(0);
  expect(balance('escrow')).toBe(0);
  expect(balance('customers')).toBe(ledger.walletsCents);
}

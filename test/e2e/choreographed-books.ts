import { serviceNames } from '@ballast/contracts';
import { readTopic } from '@ballast/messaging';
import { openPool } from '@ballast/platform';
import type { ServiceName } from '@ballast/contracts';
import { expect } from 'vitest';
import type { Shop } from './shop.js';

/** What has to be true of a shop whose choreographed orders have all ended. */
export async function expectWhole(shop: Shop, sku: string): Promise<void> {
  const { reserved } = await shop.stock(sku);
  const { accounts, sumCents, walletsCents } = await shop.ledger();
  const balance = (account: string) => accounts.find(found => found.account === account)!.balanceCents;
  expect({ reserved, sumCents, escrow: balance('escrow') }).toEqual({ reserved: 0, sumCents: 0, escrow: 0 });
  expect(balance('customers')).toBe(walletsCents);

  const ended = await orders(shop);
  expect(ended.filter(({ status }) => status === 'PENDING')).toEqual([]);
  const completed = new Set(ended.filter(({ status }) => status === 'COMPLETED').map(({ id }) => id));
  // What each service holds of an order is what became of the order.
  const shipped = await ids(
    shop,
    'inventory',
    `SELECT order_id AS id FROM reservation WHERE status = 'shipped'`,
  );
  const captured = await ids(shop, 'payment', `SELECT order_id AS id FROM payment WHERE status = 'captured'`);
  const dispatched = await ids(
    shop,
    'shipping',
    `SELECT order_id AS id FROM shipment WHERE status = 'dispatched'`,
  );
  const slots = await ids(shop, 'shipping', 'SELECT order_id AS id FROM slot WHERE order_id IS NOT NULL');
  for (const found of [shipped, captured, dispatched, slots]) expect(new Set(found)).toEqual(completed);
  const left = [
    ...(await ids(shop, 'inventory', `SELECT order_id AS id FROM reservation WHERE status = 'reserved'`)),
    ...(await ids(
      shop,
      'payment',
      `SELECT order_id AS id FROM payment WHERE status IN ('authorizing', 'held', 'capturing', 'voiding')`,
    )),
    ...(await ids(
      shop,
      'shipping',
      `SELECT order_id AS id FROM shipment WHERE status IN ('booked', 'dispatching')`,
    )),
  ];
  expect(left).toEqual([]);
  for (const service of serviceNames.filter(name => name !== 'orchestrator')) {
    expect([service, await ids(shop, service, openQuery)]).toEqual([service, []]);
  }
  await expectEventsOnce(shop);
}

const openQuery = `
  SELECT order_id AS id FROM choreographed_order WHERE open
  UNION ALL SELECT order_id FROM barrier WHERE state IN ('waiting', 'undoing')
  UNION ALL SELECT order_id FROM outbound_call WHERE status = 'open'
  UNION ALL SELECT order_id::uuid FROM held
  UNION ALL SELECT order_id::uuid FROM dead_letter`;

/** Whatever comes twice on a topic is the same message: no participant announces the same thing anew. */
async function expectEventsOnce(shop: Shop): Promise<void> {
  const idsOf = new Map<string, Set<string>>();
  for (const service of ['order', 'inventory', 'payment', 'shipping']) {
    for (const { value } of await readTopic(shop.stack.brokers, `${service}.events`)) {
      const { id, type, subject } = JSON.parse(String(value)) as {
        id: string;
        type: string;
        subject: string;
      };
      const key = `${type} of ${subject}`;
      idsOf.set(key, (idsOf.get(key) ?? new Set()).add(id));
    }
  }
  const twice = [...idsOf].filter(
    ([key, found]) => found.size > 1 && !key.startsWith('order.resume-requested'),
  );
  expect(twice.map(([key]) => key)).toEqual([]);
}

const orders = (shop: Shop) =>
  rowsOf<{ id: string; status: string }>(shop, 'order', `SELECT id, status FROM orders`);

const ids = async (shop: Shop, service: ServiceName, text: string): Promise<string[]> =>
  (await rowsOf<{ id: string }>(shop, service, text)).map(({ id }) => id);

/** Rows of a service's database. */
export async function rowsOf<Row>(shop: Shop, service: ServiceName, text: string): Promise<Row[]> {
  const pool = openPool({ url: shop.stack.databaseUrls[service], applicationName: 'books', max: 1 });
  try {
    return (await pool.query<Row>({ text })).rows;
  } finally {
    await pool.end();
  }
}

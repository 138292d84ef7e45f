import { type PlaceOrder, Protocol } from '@ballast/contracts';
import type { Stack } from '@ballast/local';
import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import { post } from '../chaos/mixed-orders.js';
import type { Supplies } from './order-list.js';

/** Fills the shelves, the wallets and the vans. */
export async function supply({ urls }: Pick<Stack, 'urls'>, supplies: Supplies): Promise<void> {
  const { zone, day, slots } = supplies.slots;
  await post(`${urls.shipping}/zones/${zone}/days/${day}/slots`, { slots });
  await eightAtATime([...supplies.stock], ([sku, quantity]) =>
    post(`${urls.inventory}/stock/${sku}/deliveries`, { quantity }),
  );
  await eightAtATime([...supplies.deposits], ([customer, amountCents]) =>
    post(`${urls.payment}/accounts/${customer}/deposits`, { amountCents }),
  );
}

/**
 * Asks the shop which protocols it takes orders under: each that accepts a try.
 * @param orderUnder an order that can be placed
 * @returns the ids of the orders that were accepted on the way, by protocol
 */
export async function protocolsOf(
  { urls }: Pick<Stack, 'urls'>,
  orderUnder: (protocol: Protocol) => PlaceOrder,
): Promise<Map<Protocol, string>> {
  const taken = new Map<Protocol, string>();
  for (const protocol of Protocol.options) {
    const answer = await request(`${urls.order}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify(orderUnder(protocol)),
    });
    const body = (await answer.body.json()) as { id: string; code?: string; detail?: string };
    if (answer.statusCode === 202) taken.set(protocol, body.id);
    else if (answer.statusCode >= 500) throw new Error(`the shop answers ${body.code}: ${body.detail}`);
  }
  return taken;
}

async function eightAtATime<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  const left = [...values];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let value = left.pop(); value !== undefined; value = left.pop()) await work(value);
    }),
  );
}

import type { Stack } from '@ballast/local';
import { request } from 'undici';
import type { Shop } from './orders.js';

/** Fills the shop: goods, money and carrier slots for more orders than any run places. */
export async function seed({ urls }: Pick<Stack, 'urls'>, shop: Shop): Promise<void> {
  await each(shop.skus, sku => post(`${urls.inventory}/stock/${sku}/deliveries`, { quantity: 100_000_000 }));
  await each(shop.customerIds, customerId =>
    post(`${urls.payment}/accounts/${customerId}/deposits`, { amountCents: 1_000_000_000 }),
  );
  await each(shop.zones, zone =>
    post(`${urls.shipping}/zones/${zone}/days/${shop.shipOn}/slots`, { slots: 50_000 }),
  );
}

async function each<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  const left = [...values];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let value = left.pop(); value !== undefined; value = left.pop()) await work(value);
    }),
  );
}

async function post(url: string, body: unknown): Promise<void> {
  const { statusCode, body: answer } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (statusCode >= 300) throw new Error(`POST ${url} answered ${statusCode}: ${text}`);
}

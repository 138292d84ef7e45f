import { expect } from 'vitest';
import type { Customer } from '../../chaos/mixed-orders.js';
import type { Shop } from '../shop.js';

/** Waits until all of these orders have ended, as they should. */
export async function expectCompleted(shop: Shop, customer: Customer, ids: readonly string[]): Promise<void> {
  await customer.awaitEnds(ids, 60_000);
  const { body } = await shop.request('POST', `${shop.orders}/status`, { ids });
  expect(
    body.ended.map(({ status, reason }: { status: string; reason: string }) => ({ status, reason })),
  ).toEqual(ids.map(() => ({ status: 'COMPLETED', reason: null })));
}

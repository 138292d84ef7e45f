import { AccountView, CapacityView, Programme, StockView } from '@ballast/contracts';
import { find, post, put } from '../http-client.js';
import type { Stack } from '../stack.js';
import {
  aliceDepositedCents,
  bobDepositedCents,
  kettlesDelivered,
  lampsDelivered,
  type SampleShop,
} from './cases.js';

/** What the example commands of the summary, and of the README, order. */
export const example = { sku: 'blue-kettle', customerId: 'alice', zone: 'north' } as const;

/** How long the bank of the slow card thinks: enough to change one's mind in. */
const slowMs = 3_000;

/** Fills the shelves, the wallets and the carrier's days, for the sample orders and for what people try afterwards. */
export async function seed({ urls }: Stack, shop: SampleShop): Promise<void> {
  await Promise.all([
    deliver(urls.inventory, shop.kettle, kettlesDelivered),
    deliver(urls.inventory, shop.lamp, lampsDelivered),
    deposit(urls.payment, shop.alice, aliceDepositedCents),
    deposit(urls.payment, shop.bob, bobDepositedCents),
    keepOnShelf(urls.inventory),
    keepInWallet(urls.payment),
    ...daysFrom(shop.day, 3).map(day => keepSlots(urls.shipping, day)),
    put(
      `${urls['card-gateway']}/programme`,
      { rules: [{ match: { operation: 'hold', token: shop.slowCard }, delayMs: slowMs }] },
      Programme,
    ),
  ]);
}

const deliver = (inventory: string, sku: string, quantity: number) =>
  post(`${inventory}/stock/${sku}/deliveries`, { quantity }, StockView);

const deposit = (payment: string, customerId: string, amountCents: number) =>
  post(`${payment}/accounts/${customerId}/deposits`, { amountCents }, AccountView);

async function keepOnShelf(inventory: string): Promise<void> {
  const stock = await find(`${inventory}/stock/${example.sku}`, StockView);
  if ((stock?.available ?? 0) < 1_000) await deliver(inventory, example.sku, 1_000);
}

async function keepInWallet(payment: string): Promise<void> {
  const account = await find(`${payment}/accounts/${example.customerId}`, AccountView);
  if ((account?.balanceCents ?? 0) < 1_000_000) await deposit(payment, example.customerId, 1_000_000);
}

/** A start before midnight may be used after it. */
async function keepSlots(shipping: string, day: string): Promise<void> {
  const url = `${shipping}/zones/${example.zone}/days/${day}`;
  const capacity = await find(url, CapacityView);
  if ((capacity?.free ?? 0) < 1_000) await post(`${url}/slots`, { slots: 1_000 }, CapacityView);
}

function daysFrom(day: string, count: number): string[] {
  const first = Date.parse(`${day}T00:00:00Z`);
  return Array.from({ length: count }, (_, index) =>
    new Date(first + index * 86_400_000).toISOString().slice(0, 10),
  );
}

import type { PlaceOrder } from '@ballast/contracts';
import { randomOf } from './random.js';

/** What a load works on: enough of everything that no order is refused. */
export interface Shop {
  readonly skus: readonly string[];
  readonly customerIds: readonly string[];
  readonly zones: readonly string[];
  readonly shipOn: string;
}

export function aShop(shipOn: string): Shop {
  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
  return {
    skus: numbered('load-sku', 200),
    customerIds: numbered('load-customer', 1_000),
    zones: numbered('load-zone', 8),
    shipOn,
  };
}

/** Wallet orders of one to three articles, the same ones for the same seed. */
export function orderSource(shop: Shop, seed: number): () => PlaceOrder {
  const random = randomOf(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  return () => ({
    customerId: pick(shop.customerIds),
    lines: Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      sku: pick(shop.skus),
      quantity: 1 + Math.floor(random() * 2),
      unitPriceCents: 100 + Math.floor(random() * 900),
    })),
    payment: { kind: 'wallet' },
    address: {
      zone: pick(shop.zones),
      name: 'A. Customer',
      street: 'Quay 1',
      city: 'Port',
      postalCode: '1000',
    },
    shipOn: shop.shipOn,
    protocol: 'orchestrated',
  });
}

import type { PlaceOrder } from '@ballast/contracts';
import { orderSource, type Shop } from '../../orders.js';

export const kinds = ['wallet', 'card'] as const;
export type Kind = (typeof kinds)[number];

/** Orders of one kind, otherwise like those of the benches. */
export function ordersOf(kind: Kind, shop: Shop, seed: number): () => PlaceOrder {
  const next = orderSource(shop, seed);
  if (kind === 'wallet') return next;
  return () => ({ ...next(), payment: { kind: 'card', token: 'tok_visa' } });
}

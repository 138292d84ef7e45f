import type { Order } from '@ballast/contracts';

export const anOrder = (): Order => ({
  customerId: 'alice',
  lines: [{ sku: 'blue-kettle', quantity: 2, unitPriceCents: 3_900 }],
  amountCents: 7_800,
  payment: { kind: 'wallet' },
  address: { zone: 'north', name: 'Alice', street: '1 High Street', city: 'York', postalCode: 'YO1 7HX' },
  shipOn: '2026-11-21',
});

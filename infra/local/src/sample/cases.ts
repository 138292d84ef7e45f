import type { OrderStatus, PlaceOrder, Protocol } from '@ballast/contracts';

/** What the sample orders of one start are about: names that no start before has used, so that sums are exact. */
export interface SampleShop {
  readonly kettle: string;
  /** There is one of it. */
  readonly lamp: string;
  readonly alice: string;
  /** Has a wallet with next to nothing in it. */
  readonly bob: string;
  readonly zone: string;
  /** No carrier goes there. */
  readonly nowhere: string;
  /** A card whose bank takes its time. */
  readonly slowCard: string;
  readonly day: string;
}

export const kettlesDelivered = 100;
export const lampsDelivered = 1;
export const aliceDepositedCents = 100_000;
export const bobDepositedCents = 100;

/** The card gateway declines it without being told to. */
const declinedCard = 'tok_declined';

export function sampleShop(run: string, now: Date): SampleShop {
  return {
    kettle: `blue-kettle-${run}`,
    lamp: `last-lamp-${run}`,
    alice: `alice-${run}`,
    bob: `bob-${run}`,
    zone: 'north',
    nowhere: `nowhere-${run}`,
    slowCard: `tok_slow_${run}`,
    day: now.toISOString().slice(0, 10),
  };
}

/** A sample order and how it has to end. */
export interface SampleCase {
  readonly name: string;
  readonly order: PlaceOrder;
  readonly status: OrderStatus;
  readonly reason: string | null;
  /** The steps that have to be undone, in any order. */
  readonly undone: readonly string[];
  /** The customer changes his mind as soon as it is placed. */
  readonly cancel?: true;
}

const reserve = 'reserve stock';
const authorize = 'authorize payment';

/** The protocols under which every sample order is placed. */
export const sampleProtocols: readonly Protocol[] = ['orchestrated', 'choreographed'];

export function sampleCases(shop: SampleShop, protocol: Protocol = 'orchestrated'): SampleCase[] {
  const { kettle, lamp, alice, bob, nowhere, slowCard } = shop;
  const kettles = [{ sku: kettle, quantity: 2, unitPriceCents: 3_900 }];
  const wallet = { kind: 'wallet' } as const;
  const card = (token: string) => ({ kind: 'card', token }) as const;
  const place = (changes: Partial<PlaceOrder>): PlaceOrder => ({
    customerId: alice,
    lines: kettles,
    payment: wallet,
    address: addressIn(shop.zone),
    shipOn: shop.day,
    protocol,
    ...changes,
  });
  const completed = { status: 'COMPLETED', reason: null, undone: [] } as const;
  const cancelled = (reason: string, ...undone: string[]) =>
    ({ status: 'CANCELLED', reason, undone }) as const;
  return [
    { name: 'wallet', order: place({}), ...completed },
    { name: 'card', order: place({ payment: card('tok_visa') }), ...completed },
    {
      name: 'out-of-stock',
      order: place({ lines: [{ sku: lamp, quantity: lampsDelivered + 1, unitPriceCents: 5_000 }] }),
      ...cancelled('OUT_OF_STOCK'),
    },
    {
      name: 'insufficient-funds',
      order: place({ customerId: bob }),
      ...cancelled('INSUFFICIENT_FUNDS', reserve),
    },
    {
      name: 'card-declined',
      order: place({ payment: card(declinedCard) }),
      ...cancelled('CARD_DECLINED', reserve),
    },
    {
      name: 'address-not-served',
      order: place({ address: addressIn(nowhere) }),
      ...cancelled('ADDRESS_NOT_SERVED', reserve, authorize),
    },
    {
      name: 'cancelled-by-customer',
      order: place({ payment: card(slowCard) }),
      ...cancelled('CANCELLED', reserve, authorize),
      cancel: true,
    },
  ];
}

export const centsOf = ({ order }: SampleCase): number =>
  order.lines.reduce((sum, { quantity, unitPriceCents }) => sum + quantity * unitPriceCents, 0);

const addressIn = (zone: string) => ({
  zone,
  name: 'Alice Example',
  street: '1 High Street',
  city: 'York',
  postalCode: 'YO1 7HX',
});

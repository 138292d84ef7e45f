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

/** The protocols under which every sample order is placed. */
export const sampleProtocols: readonly Protocol[] = ['orchestrated', 'choreographed', 'tcc', 'two-phase'];

/** Who refuses an order, or asks the bank while it is cancelled. */
type Participant = 'inventory' | 'payment' | 'shipping';

/** What is undone then: in a saga what was done before, else what all the others have set aside or prepared. */
const undoneInSaga = {
  inventory: [],
  payment: ['reserve stock'],
  shipping: ['reserve stock', 'authorize payment'],
};
const undoneFor: Partial<Record<Protocol, Readonly<Record<Participant, readonly string[]>>>> = {
  orchestrated: undoneInSaga,
  choreographed: undoneInSaga,
  tcc: {
    inventory: ['payment', 'shipping'],
    payment: ['inventory', 'shipping'],
    shipping: ['inventory', 'payment'],
  },
  'two-phase': {
    inventory: ['order', 'payment', 'shipping'],
    payment: ['order', 'inventory', 'shipping'],
    shipping: ['order', 'inventory', 'payment'],
  },
};

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
  const cancelled = (reason: string, undone: readonly string[]) =>
    ({ status: 'CANCELLED', reason, undone }) as const;
  const refused = (reason: string, by: Participant) => cancelled(reason, undoneFor[protocol]?.[by] ?? []);
  const samples: SampleCase[] = [
    { name: 'wallet', order: place({}), ...completed },
    { name: 'card', order: place({ payment: card('tok_visa') }), ...completed },
    {
      name: 'out-of-stock',
      order: place({ lines: [{ sku: lamp, quantity: lampsDelivered + 1, unitPriceCents: 5_000 }] }),
      ...refused('OUT_OF_STOCK', 'inventory'),
    },
    {
      name: 'insufficient-funds',
      order: place({ customerId: bob }),
      ...refused('INSUFFICIENT_FUNDS', 'payment'),
    },
    {
      name: 'card-declined',
      order: place({ payment: card(declinedCard) }),
      ...refused('CARD_DECLINED', 'payment'),
    },
    {
      name: 'address-not-served',
      order: place({ address: addressIn(nowhere) }),
      ...refused('ADDRESS_NOT_SERVED', 'shipping'),
    },
    {
      name: 'cancelled-by-customer',
      order: place({ payment: card(slowCard) }),
      // The bank has held the money by the time that it is undone.
      ...cancelled('CANCELLED', changedMind[protocol] ?? []),
      cancel: true,
    },
  ];
  // A card cannot be prepared.
  return protocol === 'two-phase' ? samples.filter(({ order }) => order.payment.kind === 'wallet') : samples;
}

const changedMind: Partial<Record<Protocol, readonly string[]>> = {
  orchestrated: ['reserve stock', 'authorize payment'],
  choreographed: ['reserve stock', 'authorize payment'],
  tcc: ['inventory', 'payment', 'shipping'],
};

export const centsOf = ({ order }: SampleCase): number =>
  order.lines.reduce((sum, { quantity, unitPriceCents }) => sum + quantity * unitPriceCents, 0);

const addressIn = (zone: string) => ({
  zone,
  name: 'Alice Example',
  street: '1 High Street',
  city: 'York',
  postalCode: 'YO1 7HX',
});

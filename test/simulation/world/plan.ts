import type { Order } from '@ballast/contracts';
import fc from 'fast-check';

export const protocols = ['orchestrated', 'choreographed', 'tcc', 'two-phase'] as const;
export type Protocol = (typeof protocols)[number];

/** What a run begins with: a small shop, a few orders that compete for it, and what the outside parties will say. */
export interface Plan {
  readonly protocol: Protocol;
  readonly orders: readonly PlannedOrder[];
  /** Under 2PC: who takes part. All of them where it is not said. */
  readonly branches?: readonly string[];
  /** Pieces of the one article. */
  readonly pieces: number;
  /** Of the one customer, in cents. */
  readonly balanceCents: number;
  /** Free slots of the one zone's day. */
  readonly slots: number;
}

export interface PlannedOrder {
  readonly id: string;
  readonly order: Order;
  readonly deadlineMs: number;
  readonly gatewayDeclines: 'nothing' | 'hold' | 'capture';
  /** How often the carrier refuses the label before it gives it. */
  readonly carrierRefusals: number;
}

export const beginsAt = Date.UTC(2026, 0, 1, 12);
export const day = '2026-01-01';
export const priceCents = 100;

/** An order that everybody agrees to, if nobody else takes what it needs. */
export function plannedOrder(number: number, change: Partial<Choice> = {}): PlannedOrder {
  const { quantity, customerId, card, zone, ...rest } = { ...usual, ...change };
  return {
    id: `order-${number}`,
    order: {
      customerId,
      lines: [{ sku: 'kettle', quantity, unitPriceCents: priceCents }],
      amountCents: quantity * priceCents,
      payment: card ? { kind: 'card', token: 'tok' } : { kind: 'wallet' },
      address: { zone, name: 'A', street: 'B', city: 'C', postalCode: 'D' },
      shipOn: day,
    },
    ...rest,
  };
}

interface Choice extends Omit<PlannedOrder, 'id' | 'order'> {
  readonly quantity: number;
  readonly customerId: string;
  readonly card: boolean;
  readonly zone: string;
}

const usual: Choice = {
  quantity: 1,
  customerId: 'alice',
  card: false,
  zone: 'north',
  deadlineMs: 60_000,
  gatewayDeclines: 'nothing',
  carrierRefusals: 0,
};

/** One order that can be completed: what the exhaustive search begins with. */
export const onePlan = (protocol: Protocol, change: Partial<Plan> = {}): Plan => ({
  protocol,
  orders: [plannedOrder(1)],
  pieces: 1,
  balanceCents: priceCents,
  slots: 1,
  ...change,
});

/** Any plan. The first of each alternative is the one that a failing plan shrinks to. */
export function anyPlan(protocol: Protocol): fc.Arbitrary<Plan> {
  const rarely = <T>(usually: T, ...others: T[]) =>
    fc.oneof({ weight: 7, arbitrary: fc.constant(usually) }, ...others.map(other => fc.constant(other)));
  // A hold at the gateway can't be prepared, and a confirm that is declined for good parks the order, as it should.
  const cards = protocol !== 'two-phase';
  const declines =
    protocol === 'tcc' ? rarely<Decline>('nothing', 'hold') : rarely<Decline>('nothing', 'hold', 'capture');
  const order = fc.record({
    quantity: fc.integer({ min: 1, max: 2 }),
    customerId: rarely('alice', 'nobody'),
    card: cards ? fc.boolean() : fc.constant(false),
    zone: rarely('north', 'nowhere'),
    deadlineMs: rarely(60_000, 4_000),
    gatewayDeclines: declines,
    carrierRefusals: rarely(0, 1),
  });
  return fc.record({
    protocol: fc.constant(protocol),
    orders: fc
      .array(order, { minLength: 1, maxLength: 3, size: 'max' })
      .map(orders => orders.map((choice, index) => plannedOrder(index + 1, choice))),
    pieces: fc.integer({ min: 0, max: 4 }).map(number => 4 - number),
    balanceCents: fc.integer({ min: 0, max: 4 }).map(number => (4 - number) * priceCents),
    slots: fc.integer({ min: 0, max: 3 }).map(number => 3 - number),
  });
}

type Decline = PlannedOrder['gatewayDeclines'];

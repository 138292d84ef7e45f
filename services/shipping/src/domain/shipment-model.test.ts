import type { Decision } from '@ballast/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Capacity, SlotId } from './capacity.js';
import {
  book,
  cancel,
  capacitiesOf,
  dispatch,
  labelAnswered,
  type LabelCall,
  type Shipment,
  type ShipmentState,
  type ShipmentStatus,
} from './shipment.js';

/** What may follow on what; everything else would be a bug. */
const graph: Record<ShipmentStatus | 'none', readonly ShipmentStatus[]> = {
  none: ['booked'],
  booked: ['cancelled', 'dispatching'],
  dispatching: ['dispatched'],
  cancelled: [],
  dispatched: [],
};

test('no sequence of operations gives a slot to two orders, loses one or leaves the graph', () => {
  const reached = new Set<string>();
  const rejections = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), steps => {
      const books = new CarrierBooks(rejections);
      for (const next of steps) {
        books.take(next);
        books.check();
      }
      for (const { own } of books.orders.values()) if (own !== undefined) reached.add(own.status);
    }),
    { numRuns: 1_000 },
  );
  // The sequences were worth checking only if they came everywhere.
  expect([...reached].sort()).toEqual(['booked', 'cancelled', 'dispatched', 'dispatching']);
  expect([...rejections].sort()).toEqual(['ADDRESS_NOT_SERVED', 'NO_CAPACITY']);
});

const orderId = fc.constantFrom('order-1', 'order-2', 'order-3', 'order-4', 'order-5');
const zone = fc.constantFrom('north', 'south');
const day = fc.constantFrom('2030-12-23', '2030-12-24');
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), zone, day }),
  { arbitrary: fc.record({ do: fc.constant('book' as const), orderId, zone, day }), weight: 2 },
  fc.record({ do: fc.constantFrom('cancel' as const, 'dispatch' as const), orderId }),
  fc.record({ do: fc.constant('answer' as const), orderId, accepted: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type AnyDecision = Decision<ShipmentState, unknown, string, LabelCall>;

interface Order {
  readonly own: Shipment | undefined;
  readonly call: LabelCall | null;
}

/** The least that has to stand around the domain: records, slots, and one open call per order. */
class CarrierBooks {
  readonly orders = new Map<string, Order>();
  readonly slots = new Map<SlotId, { key: string; orderId: string | null }>();

  constructor(private readonly rejections: Set<string>) {}

  take(step: Step): void {
    switch (step.do) {
      case 'add':
        this.slots.set(this.slots.size + 1, { key: `${step.zone}/${step.day}`, orderId: null });
        return;
      case 'book': {
        // The barrier decides a booking once only, and never after a cancel.
        if (this.order(step.orderId).own !== undefined) return;
        const address = { zone: step.zone, name: 'n', street: 's', city: 'c', postalCode: 'p' };
        const data = { from: 'york', address, day: step.day };
        return this.decide('shipping.book', step.orderId, data, state => book(state, data, step));
      }
      case 'cancel':
        return this.decide('shipping.cancel', step.orderId, {}, state => cancel(state, {}, step));
      case 'dispatch':
        // The barrier keeps further attempts while the carrier is asked.
        if (this.order(step.orderId).call !== null) return;
        return this.decide('shipping.dispatch', step.orderId, {}, state => dispatch(state, {}, step));
      case 'answer': {
        const { call, own } = this.order(step.orderId);
        if (call === null) return;
        this.orders.set(step.orderId, { own, call: null });
        const answer = step.accepted
          ? ({ kind: 'accepted', body: { trackingNumber: `track-${step.orderId}` } } as const)
          : ({ kind: 'refused', code: 'refused' } as const);
        return this.decide('shipping.dispatch', step.orderId, {}, state =>
          labelAnswered(state, answer, {}, step),
        );
      }
    }
  }

  private decide(
    type: string,
    id: string,
    data: unknown,
    decision: (state: ShipmentState) => AnyDecision,
  ): void {
    const before = this.order(id);
    const shared = new Map(capacitiesOf({ type, data }).flatMap(key => this.capacity(key)));
    const untouched = structuredClone(shared);
    const decided = decision(Object.freeze({ own: before.own, shared, appended: Object.freeze([]) }));
    expect(shared, 'the argument is unchanged').toEqual(untouched);
    if (decided.kind === 'rejected') this.rejections.add(decided.code);
    const state = 'state' in decided ? decided.state : undefined;
    if (state === undefined) return;

    const from = before.own?.status ?? 'none';
    if (state.own !== before.own) expect(graph[from]).toContain(state.own!.status);
    this.orders.set(id, { own: state.own, call: decided.kind === 'call' ? decided.call : before.call });
    for (const { kind, slotId, orderId } of state.appended) {
      const slot = this.slots.get(slotId)!;
      expect(orderId, 'an order changes its own slot only').toBe(id);
      expect(slot.orderId, `who had the slot that is ${kind}`).toBe(kind === 'taken' ? null : id);
      slot.orderId = kind === 'taken' ? id : null;
      if (kind === 'taken') expect(state.shared.get(slot.key)?.free).not.toContain(slotId);
    }
  }

  private capacity(key: string): [string, Capacity][] {
    const zone = key.split('/')[0];
    const all = [...this.slots];
    if (!all.some(([, slot]) => slot.key.startsWith(`${zone}/`))) return [];
    const free = all.filter(([, slot]) => slot.key === key && slot.orderId === null).map(([id]) => id);
    return [[key, { key, free }]];
  }

  check(): void {
    const taken = [...this.slots].flatMap(([id, { orderId }]) => (orderId === null ? [] : [[orderId, id]]));
    const having = [...this.orders].flatMap(([id, { own }]) =>
      own === undefined || own.status === 'cancelled' ? [] : [[id, own.slotId]],
    );
    expect(taken.sort(), 'taken slots are those of the shipments that are not cancelled').toEqual(
      having.sort(),
    );
    for (const { own } of this.orders.values()) {
      if (own === undefined) continue;
      const { address, day } = own.plan;
      expect(this.slots.get(own.slotId)?.key, 'the slot is of the zone’s day').toBe(`${address.zone}/${day}`);
    }
  }

  private order(id: string): Order {
    return this.orders.get(id) ?? { own: undefined, call: null };
  }
}

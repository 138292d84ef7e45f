import type { Decision, StockLine } from '@ballast/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  commit,
  release,
  reserve,
  skusOf,
  type InventoryState,
  type Reservation,
  type ReservationStatus,
} from './reservation.js';
import type { Stock } from './stock.js';

/** What may follow on what; everything else would be a bug. */
const graph: Record<ReservationStatus | 'none', readonly ReservationStatus[]> = {
  none: ['reserved'],
  reserved: ['released', 'shipped'],
  released: [],
  shipped: [],
};

test('no sequence of operations makes or loses a piece, promises one twice or leaves the graph', () => {
  const seen = { rejected: new Set<string>(), refused: new Set<string>(), statuses: new Set<string>() };
  fc.assert(
    // `max`: most would be a handful of steps long otherwise, and end before it becomes interesting.
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), steps => {
      const warehouse = new Warehouse(seen);
      for (const next of steps) {
        warehouse.take(next);
        warehouse.check();
      }
      for (const { status } of warehouse.orders.values()) seen.statuses.add(status);
    }),
    { numRuns: 500 },
  );
  // The sequences were worth checking only if they came everywhere.
  expect(Object.fromEntries(Object.entries(seen).map(([kind, codes]) => [kind, [...codes].sort()]))).toEqual({
    rejected: ['OUT_OF_STOCK', 'UNKNOWN_SKU'],
    refused: ['ALREADY_SHIPPED', 'NOT_RESERVED'],
    statuses: ['released', 'reserved', 'shipped'],
  });
});

const orderId = fc.constantFrom('order-1', 'order-2', 'order-3', 'order-4');
const sku = fc.constantFrom('cup', 'kettle', 'pan');
const quantity = fc.integer({ min: 1, max: 5 });
const step = fc.oneof(
  fc.record({ do: fc.constant('deliver' as const), sku, quantity: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    do: fc.constant('reserve' as const),
    orderId,
    lines: fc.array(fc.record({ sku, quantity }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ do: fc.constantFrom('release' as const, 'commit' as const), orderId }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The least that has to stand around the domain: records, and what was delivered. */
class Warehouse {
  readonly orders = new Map<string, Reservation>();
  readonly stocks = new Map<string, Stock>();
  readonly delivered = new Map<string, number>();

  constructor(private readonly seen: { rejected: Set<string>; refused: Set<string> }) {}

  take(step: Step): void {
    if (step.do === 'deliver') return this.deliver(step.sku, step.quantity);
    const { orderId } = step;
    // The barrier decides a reservation once only.
    if (step.do === 'reserve' && this.orders.has(orderId)) return;
    const data = step.do === 'reserve' ? { lines: step.lines } : {};
    const decide = { reserve, release, commit }[step.do];
    this.decide(`inventory.${step.do}`, orderId, data, state => decide(state, data as never, { orderId }));
  }

  private deliver(sku: string, quantity: number): void {
    const stock = this.stocks.get(sku) ?? { sku, warehouse: 'north', available: 0, reserved: 0, shipped: 0 };
    this.stocks.set(sku, { ...stock, available: stock.available + quantity });
    this.delivered.set(sku, (this.delivered.get(sku) ?? 0) + quantity);
  }

  private decide(
    type: string,
    orderId: string,
    data: unknown,
    decision: (state: InventoryState) => Decision<InventoryState, unknown, string>,
  ): void {
    const own = this.orders.get(orderId);
    const keys = skusOf({ type, data }, own);
    const shared = new Map(
      keys.flatMap(key => {
        const stock = this.stocks.get(key);
        return stock === undefined ? [] : [[key, Object.freeze(stock)] as const];
      }),
    );
    const before = new Map(shared);
    const decided = decision(Object.freeze({ own, shared, appended: [] }));
    expect(shared, 'the argument is unchanged').toEqual(before);
    if (decided.kind === 'rejected') this.seen.rejected.add(decided.code);
    if (decided.kind === 'refused') this.seen.refused.add(decided.code);
    if (decided.kind !== 'done')
      return expect(decided, 'a refusal changes nothing').not.toHaveProperty('state');

    const next = decided.state;
    if (next.own !== own) {
      expect(graph[own?.status ?? 'none']).toContain(next.own!.status);
      this.orders.set(orderId, next.own!);
    }
    for (const [key, stock] of next.shared) {
      if (stock !== shared.get(key)) expect(keys, 'only stock that was locked is changed').toContain(key);
      this.stocks.set(key, stock);
    }
  }

  check(): void {
    for (const [sku, { available, reserved, shipped }] of this.stocks) {
      expect(Math.min(available, reserved, shipped)).toBeGreaterThanOrEqual(0);
      expect(available + reserved + shipped, `all of ${sku}`).toBe(this.delivered.get(sku));
      expect(reserved, `reserved of ${sku}`).toBe(this.ordered(sku, 'reserved'));
      expect(shipped, `shipped of ${sku}`).toBe(this.ordered(sku, 'shipped'));
    }
  }

  private ordered(sku: string, status: ReservationStatus): number {
    const lines = [...this.orders.values()].filter(own => own.status === status).flatMap(own => own.lines);
    return sumOf(lines.filter(line => line.sku === sku));
  }
}

const sumOf = (lines: readonly StockLine[]): number => lines.reduce((sum, { quantity }) => sum + quantity, 0);

import type { Barrier } from './barrier.js';
import { untouched } from './barrier.js';
import { callKey, type CallState, type NewCall, type StoredBarrier } from './tables.js';
import type { Draft } from './decider.js';
import type { AnswerItem } from './items.js';
import type { Routes } from './routes.js';

/** An order during a pass: as it was loaded, changed by each item in turn. */
export interface OrderMemory<Own> {
  readonly id: string;
  readonly lane: number;
  own: Own | undefined;
  /** By place in the participant's definition. */
  barriers: readonly Barrier[];
  /** Whether the database has any barrier of the order. */
  hasBarriers: boolean;
  /** One of its items waits for a lock: what comes later waits behind it. */
  held: boolean;
}

/** What the database knows of the orders of a pass, and maybe of some more. */
export interface Loaded<Own> {
  readonly own: ReadonlyMap<string, Own>;
  readonly barriers: readonly StoredBarrier[];
  /** By `callKey`. */
  readonly calls: ReadonlyMap<string, CallState>;
}

/**
 * What a pass has loaded and changed. Later items see what earlier ones did; nothing is written before all of them
 * are decided.
 */
export class PassMemory<Own, Shared, Entry> {
  readonly orders = new Map<string, OrderMemory<Own>>();
  /** Shared records by key, as they are now. */
  readonly shared = new Map<string, Shared>();
  /** Keys that were asked for, whether they exist or not. */
  readonly asked = new Set<string>();
  /** Keys whose records somebody else holds. */
  readonly locked = new Set<string>();
  readonly changedShared = new Map<string, Shared>();
  readonly appended: Entry[] = [];
  readonly newCalls: NewCall[] = [];
  readonly answeredCalls: { orderId: string; answered: AnswerItem['answered'] }[] = [];
  readonly #loaded = new Map<string, Pick<OrderMemory<Own>, 'own' | 'barriers'>>();
  readonly #calls: Map<string, CallState>;

  constructor(
    private readonly routes: Routes,
    lanes: ReadonlyMap<string, number>,
    { own, barriers, calls }: Loaded<Own>,
  ) {
    this.#calls = new Map(calls);
    const none = routes.gates.map(() => untouched);
    for (const [id, lane] of lanes) {
      this.orders.set(id, { id, lane, own: own.get(id), barriers: none, hasBarriers: false, held: false });
    }
    for (const { orderId, operation, barrier } of barriers) {
      const order = this.orders.get(orderId);
      if (order === undefined) continue;
      order.hasBarriers = true;
      const route = routes.byType.get(operation);
      // One that is not (or no longer) an operation here is left alone.
      if (route !== undefined) order.barriers = order.barriers.with(route.place, barrier);
    }
    for (const [id, order] of this.orders) this.#loaded.set(id, { own: order.own, barriers: order.barriers });
  }

  order(id: string): OrderMemory<Own> {
    const order = this.orders.get(id);
    if (order === undefined) throw new TypeError(`order ${id} was not loaded`);
    return order;
  }

  call(orderId: string, operation: string): CallState | undefined {
    return this.#calls.get(callKey(orderId, operation));
  }

  sharedLoaded(
    asked: Iterable<string>,
    found: ReadonlyMap<string, Shared>,
    locked: ReadonlySet<string>,
  ): void {
    for (const key of asked) this.asked.add(key);
    for (const [key, record] of found) this.shared.set(key, record);
    for (const key of locked) this.locked.add(key);
  }

  /** Makes what an item decided the state that the next one sees. */
  accept(order: OrderMemory<Own>, draft: Draft<Own, Shared, Entry>): void {
    order.own = draft.own;
    order.barriers = draft.barriers;
    if (draft.shared !== null) {
      for (const [key, record] of draft.shared) {
        this.shared.set(key, record);
        this.changedShared.set(key, record);
      }
    }
    for (const entry of draft.appended) this.appended.push(entry);
    for (const call of draft.calls) {
      this.newCalls.push({ orderId: order.id, lane: order.lane, ...call });
    }
    if (draft.answered !== null) {
      const { operation, round, answer } = draft.answered;
      this.answeredCalls.push({ orderId: order.id, answered: draft.answered });
      this.#calls.set(callKey(order.id, operation), { round, answer });
    }
  }

  /** The orders' records that are not what was loaded. */
  changedOwn(): Map<string, Own> {
    const changed = new Map<string, Own>();
    for (const [id, { own }] of this.orders) {
      if (own !== undefined && own !== this.#loaded.get(id)!.own) changed.set(id, own);
    }
    return changed;
  }

  /** The barriers that are not what was loaded. */
  changedBarriers(): StoredBarrier[] {
    const changed: StoredBarrier[] = [];
    for (const [orderId, { barriers }] of this.orders) {
      const loaded = this.#loaded.get(orderId)!.barriers;
      if (barriers === loaded) continue;
      for (const [place, barrier] of barriers.entries()) {
        if (barrier === loaded[place]) continue;
        changed.push({ orderId, operation: this.routes.gates[place]!.name, barrier });
      }
    }
    return changed;
  }
}

import type { PlaceOrder } from '@ballast/contracts';
import type { OrderClient } from '../load/order-client.js';
import { untilAnswered } from '../load/until-answered.js';
import type { Ending } from './figures.js';

export interface PlaceSliceOptions {
  /** The list's number of the first order: an order is placed once, however often the request is made. */
  readonly first: number;
  readonly inFlight: number;
  readonly signal: AbortSignal;
  /** Orders that have not ended this long after they were accepted are given up. */
  readonly patienceMs?: number;
  readonly onEnded?: (ending: Ending) => void;
}

/** Places orders over HTTP, so many at a time, until all of them have ended. */
export class PlacedSlice {
  readonly endings: Ending[] = [];
  ms = 0;
  readonly #open = new Map<string, { fromMs: number; acceptedMs: number; ended: () => void }>();
  #placedAll = false;

  constructor(
    private readonly client: OrderClient,
    private readonly orders: readonly PlaceOrder[],
    private readonly options: PlaceSliceOptions,
  ) {}

  /** Those that were accepted and have not ended. */
  get open(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Rejects when an order is refused or does not end. */
  async run(): Promise<void> {
    const begunAtMs = performance.now();
    await Promise.all([this.#placeAll(), this.#watch()]);
    this.ms = performance.now() - begunAtMs;
  }

  async #placeAll(): Promise<void> {
    const left = [...this.orders.entries()].reverse();
    const customer = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        this.options.signal.throwIfAborted();
        await this.#place(...next);
      }
    };
    try {
      await Promise.all(Array.from({ length: this.options.inFlight }, customer));
    } finally {
      this.#placedAll = true;
    }
  }

  /** Resolves when the order has ended. */
  async #place(index: number, order: PlaceOrder): Promise<void> {
    const fromMs = performance.now();
    const id = await untilAnswered(() => this.client.place(this.options.first + index, order));
    await new Promise<void>(ended => this.#open.set(id, { fromMs, acceptedMs: performance.now(), ended }));
  }

  async #watch(): Promise<void> {
    const { signal, patienceMs = 120_000, onEnded } = this.options;
    while (!this.#placedAll || this.#open.size > 0) {
      signal.throwIfAborted();
      if (this.#open.size === 0) {
        await new Promise(resolve => setTimeout(resolve, 5));
        continue;
      }
      const ids = this.open.slice(0, 5_000);
      const ended = await untilAnswered(() => this.client.ended(ids, 250));
      const nowMs = performance.now();
      for (const { id, status, reason } of ended) {
        const order = this.#open.get(id);
        if (order === undefined) continue;
        this.#open.delete(id);
        const ending = { id, status, reason, durationMs: nowMs - order.fromMs };
        this.endings.push(ending);
        onEnded?.(ending);
        order.ended();
      }
      const [oldest] = this.#open;
      if (oldest !== undefined && nowMs - oldest[1].acceptedMs > patienceMs)
        throw new Error(`order ${oldest[0]} has not ended after ${patienceMs / 1_000} s`);
    }
  }
}

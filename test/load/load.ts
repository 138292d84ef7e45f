import type { PlaceOrder } from '@ballast/contracts';
import type { OrderClient } from './order-client.js';

/** How long each order took from its POST to its end, and when it ended, both in milliseconds of the same clock. */
export interface Ending {
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly completed: boolean;
}

export interface LoadOptions {
  readonly through: 'http' | 'batch';
  /** Closed loop: how many orders are under way at any time. Open loop: how many there may be before it gives up. */
  readonly inFlight: number;
  /** Orders per second, for an open loop: orders are due at fixed times, whatever became of those before. */
  readonly rate: number | null;
  readonly nextOrder: () => PlaceOrder;
}

const batchMax = 500;

/** Places wallet orders and waits for their ends until it is stopped. */
export class Load {
  readonly endings: Ending[] = [];
  readonly #waiting = new Map<string, number>();
  #placing = 0;
  #number = 0;
  #stopping = false;
  #failure: Error | null = null;
  readonly #sleepers = new Set<() => void>();
  /** Those under way. */
  readonly #requests = new Set<Promise<unknown>>();
  #done: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly client: OrderClient,
    private readonly options: LoadOptions,
  ) {}

  start(): void {
    const placing = this.options.rate === null ? this.#closedLoop() : this.#openLoop(this.options.rate);
    this.#done = Promise.all([placing, this.#watch()]).catch(error => this.#fail(error));
  }

  /** Places no more and waits for what is under way. Rejects when a request failed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#done;
    if (this.#failure !== null) throw this.#failure;
  }

  get failure(): Error | null {
    return this.#failure;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#stopping = true;
    this.#wake();
  }

  get #underWay(): number {
    return this.#waiting.size + this.#placing;
  }

  async #closedLoop(): Promise<void> {
    while (!this.#stopping) {
      const free = this.options.inFlight - this.#underWay;
      if (free <= 0) {
        await this.#woken();
        continue;
      }
      this.#send(free, performance.now());
      await this.#woken();
    }
    await Promise.all(this.#requests);
  }

  async #openLoop(rate: number): Promise<void> {
    const startedAtMs = performance.now();
    for (let due = 0; !this.#stopping; due++) {
      const dueAtMs = startedAtMs + (due * 1_000) / rate;
      const earlyMs = dueAtMs - performance.now();
      if (earlyMs > 1) await new Promise(resolve => setTimeout(resolve, earlyMs));
      if (this.#underWay >= this.options.inFlight) {
        throw new Error(
          `${this.options.inFlight} orders are under way: the shop cannot keep up with ${rate} orders/s`,
        );
      }
      this.#send(1, dueAtMs);
    }
    await Promise.all(this.#requests);
  }

  /** A request that fails ends the load at once, while others go on. */
  #send(count: number, fromMs: number): void {
    for (const placed of this.#placeNow(count, fromMs)) {
      const request: Promise<unknown> = placed
        .catch(error => this.#fail(error))
        .finally(() => this.#requests.delete(request));
      this.#requests.add(request);
    }
  }

  #placeNow(count: number, fromMs: number): Promise<void>[] {
    if (this.options.through === 'http') return Array.from({ length: count }, () => this.#placeOne(fromMs));
    const sizes = Array.from({ length: Math.ceil(count / batchMax) }, (_, index) =>
      Math.min(batchMax, count - index * batchMax),
    );
    return sizes.map(size => this.#placeBatch(size, fromMs));
  }

  async #placeOne(fromMs: number): Promise<void> {
    this.#placing++;
    try {
      this.#await([await this.client.place(this.#number++, this.options.nextOrder())], fromMs);
    } finally {
      this.#placing--;
    }
  }

  async #placeBatch(size: number, fromMs: number): Promise<void> {
    this.#placing += size;
    const first = this.#number;
    this.#number += size;
    try {
      this.#await(
        await this.client.placeAll(first, Array.from({ length: size }, this.options.nextOrder)),
        fromMs,
      );
    } finally {
      this.#placing -= size;
    }
  }

  #await(ids: readonly string[], fromMs: number): void {
    for (const id of ids) this.#waiting.set(id, fromMs);
    this.#wake();
  }

  async #watch(): Promise<void> {
    while (!this.#stopping || this.#underWay > 0) {
      if (this.#failure !== null) return;
      if (this.#waiting.size === 0) {
        await this.#woken();
        continue;
      }
      const ended = await this.client.ended([...this.#waiting.keys()].slice(0, 5_000), 1_000);
      const endedAtMs = performance.now();
      for (const { id, status } of ended) {
        const fromMs = this.#waiting.get(id);
        if (fromMs === undefined) continue;
        this.#waiting.delete(id);
        this.endings.push({ endedAtMs, durationMs: endedAtMs - fromMs, completed: status === 'COMPLETED' });
      }
      this.#wake();
    }
  }

  #wake(): void {
    for (const go of this.#sleepers) go();
  }

  /** Something changed, or a while has passed. */
  async #woken(): Promise<void> {
    await new Promise<void>(resolve => {
      const go = () => {
        clearTimeout(timer);
        this.#sleepers.delete(go);
        resolve();
      };
      const timer = setTimeout(go, 100);
      this.#sleepers.add(go);
    });
  }
}

import type { Timer } from './work.js';

const slotMs = 50;

interface Due {
  readonly lane: number;
  readonly orderId: string;
}

/** A question to Kafka: how far do the topics reach now? What was due before it was asked may fire at its answer. */
interface Round {
  readonly askedAtMs: number;
  /** By `topic/lane`: the offset that has to be reached; null until Kafka has answered. */
  targets: ReadonlyMap<string, number> | null;
  readonly due: Map<number, Due[]>;
}

/**
 * The timers of our lanes, one per order. A due timer fires only when everything that was on the lane's topics at
 * that time has been handled: else a restart would time out orders whose answers already wait in a topic.
 * Times are the database's, in milliseconds.
 */
export class Timers {
  readonly #at = new Map<string, { lane: number; atMs: number }>();
  readonly #slots = new Map<number, string[]>();
  #sweptTo = 0;
  #round: Round | null = null;

  /** @param askEnds Kafka's end offsets now, by `topic/lane`; may reject, and is asked again */
  constructor(private readonly askEnds: () => Promise<ReadonlyMap<string, number>>) {}

  set({ lane, orderId, at }: Timer): void {
    if (at === null) {
      this.#at.delete(orderId);
      return;
    }
    const atMs = at.getTime();
    this.#at.set(orderId, { lane, atMs });
    // What is due already goes to the next slot that is looked at.
    const slot = Math.max(Math.ceil(atMs / slotMs), this.#sweptTo + 1);
    const orders = this.#slots.get(slot);
    if (orders === undefined) this.#slots.set(slot, [orderId]);
    else orders.push(orderId);
  }

  drop(lanes: ReadonlySet<number>): void {
    for (const [orderId, { lane }] of this.#at) if (lanes.has(lane)) this.#at.delete(orderId);
    for (const lane of lanes) this.#round?.due.delete(lane);
  }

  /**
   * What fires now. Starts the question to Kafka when something is due, and answers with what is due once the
   * lane's positions have reached its answer.
   * @param reached whether the lane's position on each topic has reached the target
   */
  take(nowMs: number, reached: (lane: number, targets: ReadonlyMap<string, number>) => boolean): Due[] {
    this.#round ??= this.#ask(nowMs);
    if (this.#round === null || this.#round.targets === null) return [];
    const fired: Due[] = [];
    for (const [lane, due] of this.#round.due) {
      if (!reached(lane, this.#round.targets)) continue;
      this.#round.due.delete(lane);
      for (const timer of due) {
        const armed = this.#at.get(timer.orderId);
        if (armed === undefined || armed.atMs > this.#round.askedAtMs) continue; // handled meanwhile
        this.#at.delete(timer.orderId);
        fired.push(timer);
      }
    }
    if (this.#round.due.size === 0) this.#round = null;
    return fired;
  }

  get count(): number {
    return this.#at.size;
  }

  #ask(nowMs: number): Round | null {
    const due = this.#sweep(nowMs);
    if (due.size === 0) return null;
    const round: Round = { askedAtMs: nowMs, targets: null, due };
    this.askEnds().then(
      targets => (round.targets = targets),
      () => {
        // Kafka can't be reached: nothing fires; put them back and ask again.
        if (this.#round === round) this.#round = null;
        for (const timers of due.values()) {
          for (const { orderId } of timers) {
            const armed = this.#at.get(orderId);
            if (armed !== undefined) this.set({ ...armed, orderId, at: new Date(nowMs + 500) });
          }
        }
      },
    );
    return round;
  }

  #sweep(nowMs: number): Map<number, Due[]> {
    const due = new Map<number, Due[]>();
    const last = Math.floor(nowMs / slotMs);
    if (this.#sweptTo === 0) this.#sweptTo = Math.min(last, ...this.#slots.keys()) - 1;
    for (let slot = this.#sweptTo + 1; slot <= last; slot++) {
      for (const orderId of this.#slots.get(slot) ?? []) {
        const armed = this.#at.get(orderId);
        if (armed === undefined || armed.atMs > nowMs) continue; // cleared, or set again for later
        const ofLane = due.get(armed.lane) ?? [];
        if (ofLane.length === 0) due.set(armed.lane, ofLane);
        ofLane.push({ lane: armed.lane, orderId });
      }
      this.#slots.delete(slot);
    }
    this.#sweptTo = Math.max(last, this.#sweptTo);
    return due;
  }
}

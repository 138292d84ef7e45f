import type { EachBatchPayload } from 'kafkajs';
import { decode, Undecodable } from '../envelope.js';
import type { LogItem } from './item.js';
import type { Lane } from './lane.js';

/** One batch that kafkajs handed over and waits for. */
interface HandOver {
  readonly topic: string;
  readonly lane: number;
  readonly payload: EachBatchPayload;
  /** How many of its messages were given to a pass, and how many are committed. */
  taken: number;
  done: number;
  readonly settle: (committed: boolean) => void;
}

/**
 * The batches that kafkajs has handed over. `accept` is its `eachBatch`: it resolves once the batch is committed in
 * the database (then the offset is resolved) or abandoned (then it is not, and comes again), and it never rejects:
 * a rejected `eachBatch` stalls every partition and can stop the consumer for good.
 */
export class HandOvers {
  readonly #waiting = new Map<string, HandOver>();

  /**
   * @param laneOf the lane that an order belongs to
   * @param logicalName turns a topic's name on the broker into the one the code uses
   * @param wake called when there is something to take
   */
  constructor(
    private readonly laneOf: (orderId: string) => number,
    private readonly logicalName: (topic: string) => string,
    private readonly wake: () => void,
  ) {}

  async accept(payload: EachBatchPayload, laneIsOurs: boolean): Promise<void> {
    if (!laneIsOurs) return;
    const topic = this.logicalName(payload.batch.topic);
    const lane = payload.batch.partition;
    const key = `${topic}/${lane}`;
    const committed = await new Promise<boolean>(settle => {
      this.#waiting.set(key, { topic, lane, payload, taken: 0, done: 0, settle });
      this.wake();
    });
    this.#waiting.delete(key);
    if (committed) payload.resolveOffset(payload.batch.lastOffset());
  }

  get isEmpty(): boolean {
    for (const handOver of this.#waiting.values()) {
      if (handOver.taken < handOver.payload.batch.messages.length) return false;
    }
    return true;
  }

  /**
   * Takes up to `limit` messages of these lanes in arrival order, leaving out what the database's positions say was
   * handled. Lanes whose batch begins beyond our position are returned as `gaps`: something would be skipped.
   */
  take(limit: number, lanes: ReadonlyMap<number, Lane>): { items: LogItem[]; gaps: number[] } {
    const items: LogItem[] = [];
    const gaps: number[] = [];
    for (const handOver of this.#waiting.values()) {
      const lane = lanes.get(handOver.lane);
      if (lane === undefined) continue;
      const next = lane.next.get(handOver.topic) ?? 0;
      if (handOver.done === 0 && fetchedFrom(handOver.payload) > next) {
        gaps.push(handOver.lane);
        continue;
      }
      const { messages } = handOver.payload.batch;
      let handled = 0;
      while (handOver.taken < messages.length && items.length < limit) {
        const record = messages[handOver.taken++]!;
        const offset = Number(record.offset);
        if (offset < next) handled++;
        else items.push(this.#decoded(handOver, record, offset));
      }
      if (handled > 0) done(handOver, handled, 0);
    }
    return { items, gaps };
  }

  /** These were committed: a batch that is through is given back to kafkajs, which fetches once it has back all. */
  committed(items: readonly LogItem[], delayMs: number): void {
    for (const item of items) {
      const handOver = this.#waiting.get(`${item.topic}/${item.lane}`);
      if (handOver !== undefined) done(handOver, 1, delayMs);
    }
  }

  /** Gives batches back without resolving them; all, or those of some lanes. */
  abandon(lanes?: ReadonlySet<number>): void {
    for (const [key, handOver] of this.#waiting) {
      if (lanes !== undefined && !lanes.has(handOver.lane)) continue;
      this.#waiting.delete(key);
      handOver.settle(false);
    }
  }

  /** Keeps the membership while batches wait: kafkajs has no heartbeat in the background. */
  async heartbeat(): Promise<void> {
    const [first] = this.#waiting.values();
    await first?.payload.heartbeat();
  }

  #decoded(handOver: HandOver, record: LogItem['record'], offset: number): LogItem {
    const from = { from: 'log', lane: handOver.lane, topic: handOver.topic, offset, record } as const;
    try {
      const message = decode(record.key, record.value);
      const lane = this.laneOf(message.subject);
      // Else two replicas would act for one order, each out of its own memory.
      if (lane !== handOver.lane) throw new Undecodable(wrongLane(lane, handOver.lane));
      return { ...from, message, undecodable: null };
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error;
      return { ...from, message: null, undecodable: error };
    }
  }
}

function done(handOver: HandOver, messages: number, delayMs: number): void {
  handOver.done += messages;
  if (handOver.done < handOver.payload.batch.messages.length) return;
  // One that was abandoned meanwhile is settled already.
  if (delayMs > 0) setTimeout(() => handOver.settle(true), delayMs);
  else handOver.settle(true);
}

const wrongLane = (right: number, wrong: number): string =>
  `its key belongs to partition ${right}, and it came in ${wrong}: was it sent with another partitioner than murmur2?`;

/** The offset that kafkajs asked for; its types leave it out. */
function fetchedFrom({ batch }: EachBatchPayload): number {
  return Number((batch as unknown as { fetchedOffset: string }).fetchedOffset);
}

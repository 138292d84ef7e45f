import type { Producer, TopicMessages } from 'kafkajs';
import type { Logger } from '@ballast/platform';
import { reached } from '../moments.js';
import { contentType, valueBytesMax } from '../envelope.js';

/** A committed message on its way to its topic. The partition is the lane. */
export interface OutboxRow {
  readonly seq: number;
  readonly lane: number;
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

const headers = { 'content-type': contentType };

/**
 * Puts committed rows on their topics, in the order in which they are given, with one awaited `sendBatch` at a time:
 * kafkajs's idempotent producer loses or doubles messages under concurrent sends after a lost response. A send is
 * never abandoned by a deadline either: it would go on in the background, and a second one would double and reorder.
 */
export class Publisher {
  #sending: Promise<void> = Promise.resolve();
  #sent: { seq: number; lane: number }[] = [];
  #startedAtMs: number | null = null;

  constructor(
    private readonly producer: Producer,
    private readonly physicalName: (topic: string) => string,
    private readonly logger: Logger,
  ) {}

  /** Resolves when everything that was given is on its topic. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  /** How long the send in hand has been waiting, in milliseconds; 0 when there is none. */
  get waitingMs(): number {
    return this.#startedAtMs === null ? 0 : performance.now() - this.#startedAtMs;
  }

  /** Starts to send, once the send before is through. Resolves when it is the one in flight. */
  async publish(rows: readonly OutboxRow[]): Promise<void> {
    await this.#sending;
    if (rows.length === 0) return;
    this.#startedAtMs = performance.now();
    this.#sending = this.#sendAll(rows).finally(() => (this.#startedAtMs = null));
  }

  /** Rows that are on their topics and still in the table; they are the caller's to delete. */
  takeSent(): { seq: number; lane: number }[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The deletion did not happen. */
  returnSent(sent: readonly { seq: number; lane: number }[]): void {
    this.#sent.push(...sent);
  }

  get sentCount(): number {
    return this.#sent.length;
  }

  async #sendAll(rows: readonly OutboxRow[]): Promise<void> {
    for (const chunk of chunks(rows)) {
      await this.#sendUntilDone(chunk);
      reached('rows sent');
      for (const { seq, lane } of chunk) this.#sent.push({ seq, lane });
    }
  }

  /** kafkajs retries for ever by itself; what it rejects with all the same is tried again here, in order. */
  async #sendUntilDone(rows: readonly OutboxRow[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.producer.sendBatch({ acks: -1, topicMessages: this.#byTopic(rows) });
        return;
      } catch (error) {
        this.logger.error(
          { err: error, attempt, rows: rows.length },
          'messages could not be sent; they are kept and tried again',
        );
        await new Promise(resolve => setTimeout(resolve, Math.min(100 * attempt, 2_000)));
      }
    }
  }

  #byTopic(rows: readonly OutboxRow[]): TopicMessages[] {
    const byTopic = new Map<string, TopicMessages>();
    for (const { topic, lane, key, value } of rows) {
      let messages = byTopic.get(topic);
      if (messages === undefined) {
        messages = { topic: this.physicalName(topic), messages: [] };
        byTopic.set(topic, messages);
      }
      messages.messages.push({ partition: lane, key, value, headers });
    }
    return [...byTopic.values()];
  }
}

/** kafkajs makes one record batch per partition and send, and the broker limits a batch's size. */
function* chunks(rows: readonly OutboxRow[]): Generator<OutboxRow[]> {
  let chunk: OutboxRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = row.value.length * 3 > valueBytesMax / 4 ? Buffer.byteLength(row.value) : row.value.length;
    if (chunk.length > 0 && bytes + size > valueBytesMax) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

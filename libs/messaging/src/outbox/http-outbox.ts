import type { Logger, Queries } from '@ballast/platform';
import type { Producer } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, type KafkaOptions, laneOf, untilKafkaAnswers } from '../kafka/connection.js';
import { encode } from '../envelope.js';
import type { Outgoing } from '../message.js';
import { reached } from '../moments.js';
import { statements } from '../storage/statements.js';
import { type OutboxRow, Publisher } from './publisher.js';

/** An outbox row before it has a seq: what a request's own transaction inserts. */
export type HttpOutboxRow = Omit<OutboxRow, 'seq'>;

/** How long one that closes waits for Kafka. */
const goodbyeMs = 2_000;

/** Sent rows are deleted together: each deletion is a transaction. Within a second, or a restart sends them again. */
const deletionMs = 200;

/**
 * Messages that are born in HTTP requests. A request inserts `rows(...)` in its own transaction, marked `http`
 * (insert-http-outbox.sql), and hands the committed rows over; they are sent once, by this process, through a producer
 * of its own, and deleted by seq. What a dying process leaves behind is swept by the lane's owner after five seconds.
 * The order between two such rows is not promised.
 */
export class HttpOutbox {
  readonly #producer: Producer;
  readonly #publisher: Publisher;
  #queue: OutboxRow[] = [];
  #working: Promise<void> | null = null;
  #deletion: NodeJS.Timeout | null = null;
  #closing = false;

  /** @param database a pool: the deletions run beside the requests */
  constructor(
    private readonly options: KafkaOptions & { readonly laneCount: number },
    private readonly database: Queries,
    private readonly logger: Logger,
  ) {
    const { topicPrefix = '' } = options;
    this.#producer = connectKafka(options).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    this.#publisher = new Publisher(this.#producer, topic => topicPrefix + topic, logger);
  }

  async connect(): Promise<void> {
    await untilKafkaAnswers(() => this.#producer.connect(), this.options);
  }

  /** The rows of these messages, in their order. Throws RecordTooLarge. */
  rows(outgoing: readonly Outgoing[]): HttpOutboxRow[] {
    return outgoing.map(({ topic, message }) => ({
      lane: laneOf(message.subject, this.options.laneCount),
      topic,
      key: message.subject,
      value: encode(message),
    }));
  }

  /** The columns of rows, for a part of a larger statement that does the same as `insert-http-outbox.sql`. */
  static arrays(
    rows: readonly HttpOutboxRow[],
  ): [lanes: number[], topics: string[], keys: string[], values: string[]] {
    return [
      rows.map(({ lane }) => lane),
      rows.map(({ topic }) => topic),
      rows.map(({ key }) => key),
      rows.map(({ value }) => value),
    ];
  }

  /** Inserts the rows in the caller's transaction; returns them with their seq, to be given to `committed`. */
  async insert(tx: Queries, rows: readonly HttpOutboxRow[]): Promise<OutboxRow[]> {
    const [lanes, topics, keys, values] = HttpOutbox.arrays(rows);
    const inserted = await tx.query<{ seq: number }>(
      statements.statement('insert-http-outbox', [lanes, topics, keys, values.join('\n')]),
    );
    return rows.map((row, index) => ({ ...row, seq: inserted.rows[index]!.seq }));
  }

  /** The rows are committed: sends them in the background. */
  committed(rows: readonly OutboxRow[]): void {
    // A group of replays commits none. Work on nothing ends before it is remembered, and would be remembered for ever.
    if (rows.length === 0) return;
    reached('request committed');
    this.#queue.push(...rows);
    this.#working ??= this.#work();
  }

  /** Milliseconds that the send in hand has been waiting: how long Kafka has been away. */
  get waitingMs(): number {
    return this.#publisher.waitingMs;
  }

  /** How many committed rows wait to be sent. */
  get backlog(): number {
    return this.#queue.length;
  }

  /** Sends what is queued and disconnects; what cannot be sent in time is left to the sweep. */
  async close(): Promise<void> {
    this.#closing = true;
    const patience = sleep(goodbyeMs, undefined, { ref: false });
    await Promise.race([this.#working, patience]);
    if (this.#deletion !== null) clearTimeout(this.#deletion);
    await this.#deleteSent();
    await Promise.race([this.#producer.disconnect(), patience]);
  }

  async #work(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const rows = this.#queue;
        this.#queue = [];
        await this.#publisher.publish(rows);
        await this.#publisher.settled();
      }
      if (this.#publisher.sentCount > 0) this.#deletion ??= setTimeout(() => this.#deleteLater(), deletionMs);
    } finally {
      this.#working = null;
      if (this.#queue.length > 0 && !this.#closing) this.#working = this.#work();
    }
  }

  #deleteLater(): void {
    this.#deletion = null;
    void this.#deleteSent();
  }

  async #deleteSent(): Promise<void> {
    const sent = this.#publisher.takeSent();
    if (sent.length === 0) return;
    try {
      await this.database.query(statements.statement('delete-outbox', [sent.map(({ seq }) => seq)]));
    } catch (error) {
      // They go out a second time through the sweep, and the inbox drops the doubles.
      this.#publisher.returnSent(sent);
      this.logger.warn({ err: error, rows: sent.length }, 'sent messages could not be deleted yet');
    }
  }
}

import { type Connection, type Logger, openConnection } from '@ballast/platform';
import type { Producer } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka, type KafkaOptions, laneOf, untilKafkaAnswers } from '../kafka/connection.js';
import { LaneConsumer } from '../kafka/lane-consumer.js';
import { reached } from '../moments.js';
import { Publisher } from '../outbox/publisher.js';
import { statements } from '../storage/statements.js';
import type { LogBounds } from './claim.js';
import { HandOvers } from './hand-overs.js';
import { type Item, orderIdOf } from './item.js';
import { LaneChores } from './lane-chores.js';
import { Ownership } from './ownership.js';
import { CommitOutcomeUnknown, type Committed, type PassHandler, type PassOutcome, runPass } from './pass.js';
import { PassSize } from './pass-size.js';
import type { LoopSettings } from './settings.js';
import { Signal } from './signal.js';
import { Timers } from './timers.js';
import type { LaneHandler, Pass, Work, WorkSink } from './work.js';

export interface LoopHealth {
  readonly state: 'starting' | 'running' | 'waiting-for-kafka' | 'failing' | 'stopped';
  readonly lanes: number;
  readonly waitingForClaim: number;
  /** Lanes that stay paused until an operator accepts what is wrong with them. */
  readonly refused: Readonly<Record<string, string>>;
  readonly error: string | null;
  readonly timers: number;
}

/** Fewer than that are not held up for company: a lone order takes no longer. */
const severalMessages = 4;

/** How long a loop that ends waits for Kafka in all: less than a process may take to shut down. */
const goodbyeMs = 4_000;

/** Its handler never came to an end, or its statements did not. */
class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
  override readonly message = 'it took longer than a transaction may, alone and again and again';
}

/** Somebody has locked a whole table, as ALTER TABLE and VACUUM FULL do; what is in hand is tried again. */
class TableLocked extends Error {
  override readonly name = 'TableLocked';
}

/**
 * A replica's loop: gathers what waits in all its lanes, handles it in one transaction, then publishes; between
 * passes it claims lanes, fires timers, takes outside answers and retries held messages. One transaction at a time;
 * the next one may overlap the send of the one before, no further. docs/ARCHITECTURE.md has the rules.
 */
export class LaneLoop implements WorkSink {
  readonly #consumer: LaneConsumer;
  readonly #producer: Producer;
  readonly #publisher: Publisher;
  readonly #handOvers: HandOvers;
  readonly #timers: Timers;
  readonly #signal = new Signal();
  readonly #owner: string;
  readonly #ownership: Ownership;
  readonly #chores: LaneChores;
  readonly #passHandler: PassHandler;
  readonly #passSize: PassSize;
  /** Ends the wait for the pass under way: its connection is lost, whatever its handler waits for. */
  #abandonPass: ((error: Error) => void) | null = null;

  #db: Connection | null = null;
  #submitted: Item[] = [];
  /** Taken from their sources, and not committed yet. */
  #inHand: Item[] = [];
  #poisoned = new Map<Item, unknown>();
  #clock = { databaseMs: 0, atMs: 0 };
  #failure: { error: unknown; count: number } | null = null;
  #stopping = false;
  #running: Promise<void> | null = null;
  #heartbeat: NodeJS.Timeout | null = null;

  constructor(
    private readonly kafka: KafkaOptions,
    private readonly settings: LoopSettings,
    private readonly handler: LaneHandler,
    process: PassHandler['process'],
    private readonly logger: Logger,
  ) {
    this.#passHandler = { prefetch: (work, tx) => handler.prefetch?.(work, tx), process };
    this.#passSize = new PassSize(settings.passMessagesMax);
    this.#owner = `${kafka.clientId}/${globalThis.process.pid}`;
    this.#handOvers = new HandOvers(
      orderId => laneOf(orderId, settings.laneCount),
      topic => this.#consumer.logicalName(topic),
      () => this.#signal.notify(),
    );
    this.#consumer = new LaneConsumer(
      kafka,
      { ...settings, groupId: settings.service },
      () => [...this.#ownership.lanes.keys()],
      {
        joined: lanes => this.#ownership.joined(lanes),
        rebalancing: () => this.#handOvers.abandon(),
        batch: payload => this.#handOvers.accept(payload, this.#ownership.lanes.has(payload.batch.partition)),
      },
      logger,
    );
    this.#producer = connectKafka(kafka).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    this.#publisher = new Publisher(this.#producer, this.#consumer.physicalName, logger);
    this.#timers = new Timers(async () => {
      const bounds = await this.#consumer.bounds();
      this.#signal.notify();
      return new Map([...bounds].map(([key, { end }]) => [key, end]));
    });
    this.#ownership = new Ownership({
      owner: this.#owner,
      settings,
      consumer: this.#consumer,
      publisher: this.#publisher,
      handler,
      signal: this.#signal,
      logger,
      taken: timers => {
        for (const timer of timers) this.#timers.set(timer);
      },
      forgotten: lanes => this.#forget(lanes),
    });
    this.#chores = new LaneChores({
      settings,
      database: () => this.#db!,
      now: () => new Date(this.#databaseNowMs()),
      publisher: this.#publisher,
      ownership: this.#ownership,
      idle: () => this.#handOvers.isEmpty,
      passItemsMax: () => this.#passSize.itemsMax,
      pass: () => this.#pass([], 'wait'),
      handle: async held => {
        this.#inHand.push(...held);
        if (this.#inHand.length > 0) await this.#handle();
      },
      logger,
    });
  }

  /** Connects, checks that topics and cluster are the right ones, and joins. Rejects when something is wrong. */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      await Promise.allSettled([this.#consumer.stop(), this.#producer.disconnect(), this.#db?.end()]);
      throw error;
    }
    this.#heartbeat = setInterval(() => {
      this.#handOvers.heartbeat().catch(() => this.#handOvers.abandon());
    }, this.settings.heartbeatIntervalMs / 2);
    this.#running = this.#run();
  }

  async #connect(): Promise<void> {
    await this.#connectDatabase();
    const clusterId = await this.#consumer.connect();
    const remembered = await this.#rememberCluster(clusterId);
    if (remembered !== clusterId) {
      throw new Error(
        `this database belongs to Kafka cluster ${remembered}, but the brokers are cluster ${clusterId}: ` +
          'positions in one mean nothing in the other. Point KAFKA_BROKERS back, or start with an empty database.',
      );
    }
    await untilKafkaAnswers(() => this.#producer.connect(), this.kafka);
    await untilKafkaAnswers(() => this.#consumer.run(), this.kafka);
  }

  /** The first to start says which cluster it is; those who start with it wait for that, as long as a transaction may. */
  async #rememberCluster(clusterId: string): Promise<string> {
    const [, , { rows }] = await Promise.all([
      this.#db!.query({ text: 'BEGIN' }),
      this.#db!.query({ text: 'SET LOCAL lock_timeout = 0' }),
      this.#db!.query<{ cluster_id: string }>(statements.statement('remember-cluster', [clusterId])),
      this.#db!.query({ text: 'COMMIT' }),
    ]);
    return rows[0]!.cluster_id;
  }

  /**
   * Finishes the pass in hand, sends what is committed, and leaves the group: what of it Kafka lets us do in time. What
   * was not sent is sent by whoever has the lanes next.
   */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#signal.notify();
    const patience = sleep(goodbyeMs, undefined, { ref: false });
    const inTime = (step: Promise<unknown> | null) => Promise.race([step, patience]);
    await inTime(this.#running);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#handOvers.abandon();
    await inTime(this.#consumer.stop());
    await inTime(this.#publisher.settled());
    await this.#chores.deletePublished().catch(() => undefined);
    await inTime(this.#producer.disconnect());
    await this.#db?.end().catch(() => undefined);
  }

  submit(work: Work & { kind: 'submitted' }): boolean {
    if (!this.#ownership.lanes.has(work.lane)) return false;
    this.#submitted.push({
      from: 'submitted',
      lane: work.lane,
      orderId: work.orderId,
      payload: work.payload,
    });
    this.#signal.notify();
    return true;
  }

  get topics(): readonly string[] {
    return this.settings.topics;
  }

  /** Where the partitions of our topics begin and end now, by `topic/lane`. */
  bounds(): Promise<ReadonlyMap<string, LogBounds>> {
    return this.#consumer.bounds();
  }

  health(): LoopHealth {
    return {
      state: this.#state(),
      lanes: this.#ownership.lanes.size,
      waitingForClaim: this.#ownership.waitingForClaim,
      refused: Object.fromEntries(this.#ownership.refused),
      error: this.#failure === null ? this.#consumer.complaint : String(this.#failure.error),
      timers: this.#timers.count,
    };
  }

  #state(): LoopHealth['state'] {
    if (this.#stopping) return 'stopped';
    if (this.#failure !== null && this.#failure.count > 2) return 'failing';
    if (this.#publisher.waitingMs > this.settings.sendAlarmMs) return 'waiting-for-kafka';
    if (this.#consumer.memberSince === null || this.#ownership.waitingForClaim > 0) return 'starting';
    if (this.#consumer.silentMs > this.settings.sessionTimeoutMs) return 'waiting-for-kafka';
    return 'running';
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#turn();
        this.#failure = null;
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  /** One turn: what has to be claimed first, then what waits, then what is due. */
  async #turn(): Promise<void> {
    if (this.#db === null || this.#db.lost !== undefined) await this.#reconnectDatabase();
    if (this.#ownership.outdated) await this.#ownership.claim(this.#db!);
    this.#gather();
    if (this.#inHand.length > 0) await this.#handle();
    await this.#chores.doWhatIsDue();
    if (this.#handOvers.isEmpty && this.#submitted.length === 0 && this.#ownership.waitingForClaim === 0) {
      await this.#signal.wait(this.settings.idleMs);
    }
    // Lets the other batches of the same fetch arrive, so that they share a transaction.
    await new Promise(resolve => setImmediate(resolve));
  }

  // ---- passes

  #gather(): void {
    const room = this.#passSize.itemsMax - this.#inHand.length;
    if (room <= 0) return;
    this.#inHand.push(...this.#submitted.splice(0, room));
    for (const { lane, orderId } of this.#timers.take(this.#databaseNowMs(), (lane, targets) =>
      this.#reached(lane, targets),
    )) {
      if (this.#ownership.lanes.has(lane)) this.#inHand.push({ from: 'timer', lane, orderId });
    }
    const { items, gaps } = this.#handOvers.take(
      this.#passSize.itemsMax - this.#inHand.length,
      this.#ownership.lanes,
    );
    this.#inHand.push(...items);
    if (gaps.length > 0) {
      this.logger.error(
        { alarm: true, lanes: gaps },
        'kafkajs handed over a batch beyond our position; claiming again',
      );
      this.#ownership.reclaim(new Set(gaps));
    }
  }

  /** Handles what is in hand; a part at a time when one of it has to be found out. */
  async #handle(): Promise<void> {
    const parts = slices(this.#inHand, this.#passSize.itemsMax);
    let locks: Pass['locks'] = 'wait';
    while (parts.length > 0) {
      const part = parts[0]!.filter(item => this.#ownership.lanes.has(item.lane));
      if (part.length === 0) {
        parts.shift();
        continue;
      }
      for (const item of part) if (this.#passSize.isToBlame(item)) this.#bury(item, new TookTooLong());
      const outcome = await this.#pass(part, locks);
      switch (outcome.kind) {
        case 'committed':
          await this.#settle(part, outcome);
          parts.shift();
          break;
        case 'fenced':
          this.logger.warn({ lanes: [...outcome.lanes] }, 'lanes were claimed by somebody else');
          this.#ownership.reclaim(outcome.lanes);
          break;
        case 'locked':
          // Whoever passes locked rows by and still waits is up against a locked table: no message's fault.
          if (locks === 'skip')
            throw new TableLocked('what a pass needs stays locked', { cause: outcome.error });
          locks = 'skip';
          continue;
        case 'poisoned':
          for (const [item, cause] of outcome.causes) this.#bury(item, cause);
          break;
        case 'data-error':
          // The first half is committed before the second begins: an order's messages keep their order.
          if (part.length === 1) this.#bury(part[0]!, outcome.error);
          else parts.splice(0, 1, part.slice(0, part.length >> 1), part.slice(part.length >> 1));
          break;
      }
      locks = 'wait';
    }
  }

  async #pass(items: readonly Item[], locks: Pass['locks']): Promise<PassOutcome> {
    const startedAtMs = performance.now();
    const published = this.#publisher.takeSent().filter(({ lane }) => this.#ownership.lanes.has(lane));
    try {
      const input = { items, lanes: this.#ownership.lanes, published, poisoned: this.#poisoned, locks };
      const outcome = await new Promise<PassOutcome>((resolve, reject) => {
        this.#abandonPass = reject;
        runPass(this.#db!, this.settings, input, this.#passHandler).then(resolve, reject);
      });
      if (outcome.kind !== 'committed') this.#publisher.returnSent(published);
      return outcome;
    } catch (error) {
      this.#publisher.returnSent(published);
      if (performance.now() - startedAtMs >= this.settings.transactionTimeoutMs)
        this.#passSize.tookTooLong(items);
      throw error;
    } finally {
      this.#abandonPass = null;
    }
  }

  async #settle(items: readonly Item[], committed: Committed): Promise<void> {
    reached('pass committed');
    this.#clock = { databaseMs: committed.now.getTime(), atMs: performance.now() };
    const log = items.filter(item => item.from === 'log');
    for (const { lane, topic, offset } of log) this.#ownership.lanes.get(lane)!.next.set(topic, offset + 1);
    for (const [orderId, { lane, reason }] of committed.blocked)
      this.#ownership.lanes.get(lane)!.blocked.set(orderId, reason);
    for (const orderId of committed.unblocked) {
      for (const lane of this.#ownership.lanes.values()) lane.blocked.delete(orderId);
    }
    committed.result.committed?.();
    for (const timer of committed.result.timers) this.#timers.set(timer);
    for (const item of committed.again) this.#tryLater(item, committed.now);
    for (const item of items) this.#poisoned.delete(item);
    const done = new Set(items);
    this.#inHand = this.#inHand.filter(item => !done.has(item));
    this.#handOvers.committed(log, log.length < severalMessages ? 0 : this.settings.gatherMs);
    if (committed.deadLetters > 0) {
      this.logger.error(
        { alarm: true, deadLetters: committed.deadLetters },
        'messages went to the dead letters',
      );
    }
    this.#passSize.committed(items);
    await this.#publisher.publish(committed.rows);
  }

  #tryLater(item: Item, now: Date): void {
    if (item.from === 'timer') {
      this.#timers.set({ lane: item.lane, orderId: item.orderId, at: new Date(now.getTime() + 1_000) });
    } else if (item.from === 'submitted') {
      setTimeout(() => this.submit({ kind: 'submitted', ...item }), this.settings.heldRetryMs).unref();
    }
  }

  #bury(item: Item, error: unknown): void {
    this.#poisoned.set(item, error);
    this.logger.error(
      { err: error, orderId: orderIdOf(item), lane: item.lane },
      'a message could not be handled',
    );
  }

  #reached(lane: number, targets: ReadonlyMap<string, number>): boolean {
    const next = this.#ownership.lanes.get(lane)?.next;
    return (
      next !== undefined &&
      [...next].every(([topic, offset]) => offset >= (targets.get(`${topic}/${lane}`) ?? 0))
    );
  }

  /** The database's clock, carried on from the last pass. */
  #databaseNowMs(): number {
    return this.#clock.databaseMs + (performance.now() - this.#clock.atMs);
  }

  /** What waits of these lanes is given back: it comes again from where it came from. */
  #forget(lanes: ReadonlySet<number>): void {
    this.#handOvers.abandon(lanes);
    this.#timers.drop(lanes);
    const kept = (item: Item) => !lanes.has(item.lane);
    this.#inHand = this.#inHand.filter(kept);
    this.#submitted = this.#submitted.filter(kept);
    this.#poisoned = new Map([...this.#poisoned].filter(([item]) => kept(item)));
  }

  // ---- failures

  async #recover(error: unknown): Promise<void> {
    this.#failure = { error, count: (this.#failure?.count ?? 0) + 1 };
    this.logger.error(
      { err: error, failures: this.#failure.count },
      'the loop failed; it backs off and goes on',
    );
    if (error instanceof CommitOutcomeUnknown || this.#db === null || this.#db.lost !== undefined) {
      // Whether the pass happened is not known: the claim reads what is true.
      this.#ownership.reclaim(new Set(this.#ownership.lanes.keys()));
      await this.#db?.end().catch(() => undefined);
      this.#db = null;
    }
    await sleep(Math.min(50 * 2 ** this.#failure.count, 2_000) * (0.5 + Math.random() / 2));
  }

  async #connectDatabase(): Promise<void> {
    this.#db = await openConnection({
      url: this.settings.databaseUrl,
      applicationName: `${this.#owner} lanes`,
      transactionTimeoutMs: this.settings.transactionTimeoutMs,
      logger: this.logger,
      onLost: error => {
        this.#abandonPass?.(error);
        this.#signal.notify();
      },
    });
    await this.#db.query({ text: `SET lock_timeout = ${this.settings.lockTimeoutMs}` });
    const { rows } = await this.#db.query<{ now: Date }>({ text: 'SELECT now()' });
    this.#clock = { databaseMs: rows[0]!.now.getTime(), atMs: performance.now() };
    // Before the first pass: what falls into the default bucket keeps its own from being made.
    await this.#chores.keepInboxBuckets();
  }

  async #reconnectDatabase(): Promise<void> {
    if (this.#ownership.lanes.size > 0) this.#ownership.reclaim(new Set(this.#ownership.lanes.keys()));
    await this.#connectDatabase();
    this.logger.info('the database is back');
  }
}

function slices(items: readonly Item[], size: number): (readonly Item[])[] {
  const parts = [];
  for (let from = 0; from < items.length; from += size) parts.push(items.slice(from, from + size));
  return parts;
}

import type { Logger } from '@ballast/platform';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { laneAssigner } from '../lanes/assigner.js';
import type { LogBounds } from '../lanes/claim.js';
import { connectKafka, endlessRetry, type KafkaOptions, untilKafkaAnswers } from './connection.js';

export interface ConsumerSettings {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly laneCount: number;
  /** A process that is silent for longer loses its lanes. */
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
}

export interface ConsumerEvents {
  /** The group has a new generation and these lanes are ours. They are paused already. */
  joined(lanes: readonly number[]): void;
  /** The group is about to have another generation: give back what waits. */
  rebalancing(): void;
  batch(payload: EachBatchPayload): Promise<void>;
}

/** How far a lane's topic was handled: the next offset. */
export interface Position {
  readonly lane: number;
  readonly topic: string;
  readonly offset: number;
}

/** The group member: kafkajs's consumer, with lanes instead of partitions and without its automatisms. */
export class LaneConsumer {
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #prefix: string;
  #consumer: Consumer | null = null;
  #proofs = 0;
  #proving: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #memberSince: Date | null = null;
  #heardAtMs = 0;
  #complaint: string | null = null;

  constructor(
    private readonly options: KafkaOptions,
    private readonly settings: ConsumerSettings,
    private readonly lanesHeld: () => readonly number[],
    private readonly events: ConsumerEvents,
    private readonly logger: Logger,
  ) {
    this.#kafka = connectKafka(options);
    this.#admin = this.#kafka.admin();
    this.#prefix = options.topicPrefix ?? '';
  }

  readonly physicalName = (topic: string): string => this.#prefix + topic;
  readonly logicalName = (topic: string): string => topic.slice(this.#prefix.length);

  get memberSince(): Date | null {
    return this.#memberSince;
  }

  /** How long ago Kafka last took us for a member, in milliseconds. */
  get silentMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  /** What is wrong with the topics: the next start would be refused, or this one cannot go on. Null: nothing. */
  get complaint(): string | null {
    return this.#complaint;
  }

  /** Connects and returns the cluster's id. Rejects when a topic is missing or has another number of partitions. */
  connect(): Promise<string> {
    return untilKafkaAnswers(() => this.#connect(), this.options);
  }

  async #connect(): Promise<string> {
    await this.#admin.connect();
    await this.#checkPartitions();
    const { clusterId } = await this.#admin.describeCluster();
    return clusterId;
  }

  async #checkPartitions(): Promise<void> {
    const topics = this.settings.topics.map(this.physicalName);
    const { topics: found } = await this.#admin.fetchTopicMetadata({ topics });
    for (const { name, partitions } of found) {
      if (partitions.length !== this.settings.laneCount) {
        throw new WrongPartitions(
          `topic ${name} has ${partitions.length} partitions, but LANES is ${this.settings.laneCount}: ` +
            'all topics must have the same number, fixed for life, or keys would move between lanes',
        );
      }
    }
  }

  /** Joins the group; `events.joined` follows. */
  async run(): Promise<void> {
    const { groupId, topics, laneCount, sessionTimeoutMs, heartbeatIntervalMs } = this.settings;
    const consumer = this.#kafka.consumer({
      groupId: this.#prefix + groupId,
      partitionAssigners: [laneAssigner(this.lanesHeld, laneCount)],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      maxWaitTimeInMs: 100,
      minBytes: 1,
      allowAutoTopicCreation: false,
      retry: endlessRetry,
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const lanes = lanesOf(payload.memberAssignment);
      this.pause(lanes);
      this.#memberSince = new Date();
      this.#heardAtMs = performance.now();
      this.events.joined(lanes);
      void this.#lookAtPartitions();
    });
    consumer.on(consumer.events.HEARTBEAT, () => (this.#heardAtMs = performance.now()));
    consumer.on(consumer.events.COMMIT_OFFSETS, () => void this.#proofs++);
    consumer.on(consumer.events.REBALANCING, () => this.events.rebalancing());
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.#memberSince = null;
      this.events.rebalancing();
      this.logger.error({ err: payload.error, restart: payload.restart }, 'the Kafka consumer crashed');
      if (!payload.restart) setTimeout(() => void this.#runAgain(), 1_000).unref();
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: topics.map(this.physicalName), fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: topics.length * laneCount,
        eachBatch: payload => this.events.batch(payload),
      });
    } catch (error) {
      // The next try is another consumer's.
      await consumer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  pause(lanes: readonly number[]): void {
    if (lanes.length > 0) this.#consumer?.pause(this.#partitions(lanes));
  }

  resume(lanes: readonly number[]): void {
    if (lanes.length > 0) this.#consumer?.resume(this.#partitions(lanes));
  }

  seek(lane: number, topic: string, offset: number): void {
    this.#consumer?.seek({ topic: this.physicalName(topic), partition: lane, offset: String(offset) });
  }

  /**
   * Commits offsets to Kafka and says whether that proved that we are a member of the current generation. kafkajs
   * resolves silently when it is not running, so only its event counts.
   */
  prove(positions: readonly Position[]): Promise<boolean> {
    // One after the other: else the event of one commit could pass for that of another.
    const proof = this.#proving.then(() => this.#prove(positions));
    this.#proving = proof;
    return proof;
  }

  async #prove(positions: readonly Position[]): Promise<boolean> {
    if (this.#consumer === null || positions.length === 0) return false;
    const before = this.#proofs;
    try {
      await this.#consumer.commitOffsets(
        positions.map(({ lane, topic, offset }) => ({
          topic: this.physicalName(topic),
          partition: lane,
          offset: String(offset),
        })),
      );
    } catch (error) {
      this.logger.info({ err: error }, 'the membership could not be proved');
      return false;
    }
    return this.#proofs > before;
  }

  /** Where each partition of our topics begins and ends now, by `topic/lane`. */
  async bounds(): Promise<Map<string, LogBounds>> {
    const bounds = new Map<string, LogBounds>();
    await Promise.all(
      this.settings.topics.map(async topic => {
        for (const { partition, low, high } of await this.#admin.fetchTopicOffsets(
          this.physicalName(topic),
        )) {
          bounds.set(`${topic}/${partition}`, { start: Number(low), end: Number(high) });
        }
      }),
    );
    return bounds;
  }

  /** Leaves the group, so that the lanes move on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#consumer?.disconnect();
    await this.#admin.disconnect();
  }

  async #runAgain(): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#checkPartitions();
      this.#complaint = null;
      if (!this.#stopped) await this.run();
    } catch (error) {
      this.#complaint = String(error);
      this.logger.error({ err: error }, 'the Kafka consumer could not be started again; next try in 1 s');
      setTimeout(() => void this.#runAgain(), 1_000).unref();
    }
  }

  /** A new generation may come of added partitions: those are not ours, and the lanes go on without them. */
  async #lookAtPartitions(): Promise<void> {
    try {
      await this.#checkPartitions();
      this.#complaint = null;
    } catch (error) {
      // Kafka is away: that shows elsewhere.
      if (!(error instanceof WrongPartitions)) return;
      this.#complaint = String(error);
      this.logger.error({ alarm: true }, `${error.message}; the next start will be refused`);
    }
  }

  #partitions(lanes: readonly number[]) {
    return this.settings.topics.map(topic => ({ topic: this.physicalName(topic), partitions: [...lanes] }));
  }
}

class WrongPartitions extends Error {
  override readonly name = 'WrongPartitions';
}

/** A lane is ours when its number of every topic is; the assigner sees to that. */
function lanesOf(assignment: { [topic: string]: number[] }): number[] {
  const [first = [], ...others] = Object.values(assignment);
  return first.filter(lane => others.every(lanes => lanes.includes(lane))).sort((a, b) => a - b);
}

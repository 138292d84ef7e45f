import { pipeline } from '@ballast/resilience';
import { Kafka, logLevel } from './kafkajs.js';

/** A record as it stands on a topic. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: Buffer | null;
}

/** How often a reader starts again before it gives up. */
const crashesMax = 5;

/** kafkajs does not ask again by itself when a partition's leader is only just being appointed. */
const offsets = pipeline('kafka-offsets', [
  { policy: 'retry', attemptsMax: 6, baseMs: 50, maxMs: 1_000, unknownToo: true },
]);

/** Where a partition begins and ends. */
export interface PartitionBounds {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Every record of a topic, from its beginning to where it ended when the call was made. For tools and tests that look
 * at a topic from outside; a service consumes through its lanes.
 */
export async function readTopic(brokers: readonly string[], topic: string): Promise<TopicRecord[]> {
  const records: TopicRecord[] = [];
  await visitTopics(brokers, [topic], (_, batch) => void records.push(...batch));
  return records;
}

/**
 * The same for topics that need not fit into memory: calls `visit` with each batch of a partition, one at a time.
 * Resolves with the bounds that were read. Rejects with what `visit` throws.
 */
export async function visitTopics(
  brokers: readonly string[],
  topics: readonly string[],
  visit: (topic: string, batch: readonly TopicRecord[]) => void,
): Promise<Map<string, PartitionBounds[]>> {
  const bounds = await topicEnds(brokers, topics);
  const ends = new Map<string, number>(
    [...bounds].flatMap(([topic, partitions]) =>
      partitions
        .filter(({ end, start }) => end > start)
        .map(({ partition, end }) => [`${topic}/${partition}`, end] as const),
    ),
  );
  if (ends.size === 0) return bounds;
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'reader', logLevel: logLevel.NOTHING });
  const groupId = `reader-${process.pid}-${performance.now()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      let crashes = 0;
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        // kafkajs starts again by itself after errors that pass, such as a coordinator that is loading.
        if (!payload.restart || ++crashes === crashesMax) reject(payload.error);
      });
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch: { topic, partition, messages } }) => {
            const place = `${topic}/${partition}`;
            const end = ends.get(place);
            // What was written meanwhile is not asked for; nor is a partition twice, after a rebalance.
            if (end === undefined) return;
            const records = messages
              .map(({ offset, key, value }) => ({
                partition,
                offset: Number(offset),
                key: key?.toString() ?? null,
                value,
              }))
              .filter(({ offset }) => offset < end);
            try {
              visit(topic, records);
            } catch (error) {
              ends.clear();
              reject(error as Error);
            }
            if (Number(messages.at(-1)?.offset ?? -1) + 1 >= end) ends.delete(place);
            if (ends.size === 0) resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return bounds;
}

/** Where each partition of these topics begins and ends now. */
export async function topicEnds(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<Map<string, PartitionBounds[]>> {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'reader', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const ends = await Promise.all(
      topics.map(async topic => {
        const found = await offsets.run(() => admin.fetchTopicOffsets(topic));
        return [
          topic,
          found
            .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
            .sort((one, other) => one.partition - other.partition),
        ] as const;
      }),
    );
    return new Map(ends);
  } finally {
    await admin.disconnect();
  }
}

/** Deletes what stands before an offset, as a retention would. */
export async function truncateTopic(
  brokers: readonly string[],
  topic: string,
  before: { partition: number; offset: number },
): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'writer', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const partitions = [{ partition: before.partition, offset: String(before.offset) }];
    // kafkajs asks the partition's leader, which it knows only after this.
    await offsets.run(() => admin.fetchTopicOffsets(topic));
    await offsets.run(() => admin.deleteTopicRecords({ topic, partitions }));
  } finally {
    await admin.disconnect();
  }
}

/** Puts records on a topic as they are given, whatever is in them: what a foreign or broken producer might do. */
export async function writeTopic(
  brokers: readonly string[],
  topic: string,
  records: readonly {
    partition: number;
    key: string | Buffer | null;
    value: string | Buffer | null;
    headers?: Record<string, string>;
  }[],
): Promise<void> {
  const producer = new Kafka({
    brokers: [...brokers],
    clientId: 'writer',
    logLevel: logLevel.NOTHING,
  }).producer({
    allowAutoTopicCreation: false,
    // Each record stands there as often as it was given, also when an answer of the broker is lost.
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: records.map(record => ({ ...record })) });
  } finally {
    await producer.disconnect();
  }
}

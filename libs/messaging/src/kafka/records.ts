import kafkajs from 'kafkajs';

const { Kafka, logLevel } = kafkajs;

/** A record as it stands on a topic. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: Buffer | null;
}

/**
 * Every record of a topic, from its beginning to where it ended when the call was made. For tools and tests that look
 * at a topic from outside; a service consumes through its lanes.
 */
export async function readTopic(brokers: readonly string[], topic: string): Promise<TopicRecord[]> {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'reader', logLevel: logLevel.NOTHING });
  const ends = new Map(
    (await topicEnds(brokers, [topic]))
      .get(topic)!
      .filter(({ end, start }) => end > start)
      .map(({ partition, end }) => [partition, end]),
  );
  if (ends.size === 0) return [];
  const consumer = kafka.consumer({
    groupId: `reader-${process.pid}-${performance.now()}`,
    maxWaitTimeInMs: 50,
  });
  const records: TopicRecord[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ partition, message }) => {
            const offset = Number(message.offset);
            records.push({ partition, offset, key: message.key?.toString() ?? null, value: message.value });
            if (offset + 1 >= (ends.get(partition) ?? 0)) ends.delete(partition);
            if (ends.size === 0) resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return records;
}

/** Where each partition of these topics begins and ends now. */
export async function topicEnds(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<Map<string, { partition: number; start: number; end: number }[]>> {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'reader', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const ends = await Promise.all(
      topics.map(async topic => {
        const offsets = await admin.fetchTopicOffsets(topic);
        return [
          topic,
          offsets.map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) })),
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
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions });
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
  });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: records.map(record => ({ ...record })) });
  } finally {
    await producer.disconnect();
  }
}

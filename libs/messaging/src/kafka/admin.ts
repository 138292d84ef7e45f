import type { Admin } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from './kafkajs.js';

/** How long the cluster may take to make, or to forget, topics. */
const deadlineMs = 30_000;

/**
 * Makes the topics that are missing, and waits until every partition has a leader. Rejects when one that exists has
 * another number of partitions: keys would land in other lanes.
 */
export function createTopics(
  brokers: readonly string[],
  names: readonly string[],
  partitions: number,
): Promise<void> {
  return withAdmin(brokers, async admin => {
    const existing = new Set(await admin.listTopics());
    const missing = names.filter(name => !existing.has(name));
    const topics = missing.map(topic => ({ topic, numPartitions: partitions }));
    // False: somebody else made them just now.
    if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: false });
    await until(
      async () => {
        const led = await partitionsLed(admin, names);
        const wrong = names.find(name => (led.get(name)?.all ?? partitions) !== partitions);
        if (wrong !== undefined) {
          throw new Error(`topic ${wrong} has ${led.get(wrong)?.all} partitions, not ${partitions}`);
        }
        return names.every(name => led.get(name)?.led === partitions);
      },
      `the topics ${names.join(', ')} have no leaders`,
    );
  });
}

/** Gives a topic more partitions, as somebody may who does not know that their number is fixed for life. */
export function addPartitions(brokers: readonly string[], topic: string, count: number): Promise<void> {
  return withAdmin(brokers, async admin => {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    await until(
      async () => (await partitionsLed(admin, [topic])).get(topic)?.led === count,
      `the partitions of ${topic} have no leaders`,
    );
  });
}

/** Deletes those of the topics that exist; resolves when the cluster has forgotten them. */
export function deleteTopics(brokers: readonly string[], names: readonly string[]): Promise<void> {
  return withAdmin(brokers, async admin => {
    const existing = new Set(await admin.listTopics());
    const topics = names.filter(name => existing.has(name));
    if (topics.length === 0) return;
    await admin.deleteTopics({ topics });
    // The controller has answered; the broker that is asked for metadata may not have heard of it yet.
    await until(
      async () => {
        const known = new Set(await admin.listTopics());
        return topics.every(name => !known.has(name));
      },
      `the topics ${topics.join(', ')} are still there`,
    );
  });
}

async function withAdmin<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: 'admin',
    logLevel: logLevel.NOTHING,
    requestTimeout: deadlineMs,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** How many partitions each topic has, and how many of them have a leader. Topics that are not known yet are left out. */
async function partitionsLed(
  admin: Admin,
  names: readonly string[],
): Promise<Map<string, { all: number; led: number }>> {
  const known = new Set(await admin.listTopics());
  const topics = names.filter(name => known.has(name));
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics });
  return new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      { all: partitions.length, led: partitions.filter(({ leader }) => leader >= 0).length },
    ]),
  );
}

async function until(done: () => Promise<boolean>, otherwise: string): Promise<void> {
  for (const start = performance.now(); performance.now() - start < deadlineMs; await sleep(20)) {
    if (await done()) return;
  }
  throw new Error(`${otherwise} after ${deadlineMs / 1_000} s`);
}

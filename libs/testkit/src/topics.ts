import { createTopics, deleteTopics } from '@ballast/messaging';
import { randomUUID } from 'node:crypto';
import { afterAll } from 'vitest';
import { testBrokers } from './servers.js';

export interface TestTopics {
  readonly brokers: readonly string[];
  /** What a service is given as TOPIC_PREFIX: put before each of the names. */
  readonly prefix: string;
}

/**
 * Topics of this test file's own, on the real Kafka, deleted after its last test. To be called at the top level of the
 * file, before its own `afterAll`: they run in reverse order, and consumers want to be stopped first.
 * @param options.names without the prefix
 */
export async function topicsForTest(options: {
  names: readonly string[];
  partitions: number;
}): Promise<TestTopics> {
  const brokers = testBrokers();
  const prefix = `t${randomUUID().slice(0, 8)}.`;
  const topics = options.names.map(name => `${prefix}${name}`);
  await createTopics(brokers, topics, options.partitions);
  afterAll(() => deleteTopics(brokers, topics));
  return { brokers, prefix };
}

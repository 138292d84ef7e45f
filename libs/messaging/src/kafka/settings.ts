import { brokers, count, durationMs, postgresUrl, topicPrefix } from '@ballast/platform';
import { retentionSettings } from '../storage/retention.js';
import type { z } from 'zod';

/** What every process that consumes is configured with, to be spread into its schema. */
export const consumerSettings = {
  KAFKA_BROKERS: brokers,
  /** Put before every topic and group name: several shops on one Kafka. */
  TOPIC_PREFIX: topicPrefix,
  DATABASE_URL: postgresUrl,
  /** The number of partitions of every topic, fixed for life: choose it for the largest day. */
  LANES: count(16),
  /** How many messages a pass handles at most. */
  BATCH_MAX: count(500),
  /** A process that is silent for longer loses its lanes to the others. */
  KAFKA_SESSION_TIMEOUT_MS: durationMs(3_000),
  ...retentionSettings,
};

export type ConsumerConfiguration = Readonly<z.infer<z.ZodObject<typeof consumerSettings>>>;

import { brokers, count, durationMs, postgresUrl, processSettings, topicPrefix } from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z.object({
  ...processSettings,
  KAFKA_BROKERS: brokers,
  TOPIC_PREFIX: topicPrefix,
  DATABASE_URL: postgresUrl,
  LANES: count(16),
  /** How long an attempt of a step may stay unanswered, where its definition does not say it. */
  STEP_TIMEOUT_MS: durationMs(5_000),
});
export type Configuration = Readonly<z.infer<typeof Configuration>>;

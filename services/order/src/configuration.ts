import {
  brokers,
  count,
  durationMs,
  httpUrl,
  postgresUrl,
  processSettings,
  topicPrefix,
} from '@ballast/platform';
import { z } from 'zod';

export const Configuration = z.object({
  ...processSettings,
  KAFKA_BROKERS: brokers,
  TOPIC_PREFIX: topicPrefix,
  DATABASE_URL: postgresUrl,
  LANES: count(16),
  /** Asked whether it has an article that no order has named here yet. */
  INVENTORY_URL: httpUrl,
  /** From an order's acceptance to the time when its flow gives up, before the pivot. */
  ORDER_TIMEOUT_MS: durationMs(30_000),
});
export type Configuration = Readonly<z.infer<typeof Configuration>>;

import { branchSettings, consumerSettings, reactionSettings, retentionsFit } from '@ballast/messaging';
import {
  count,
  durationMs,
  httpUrl,
  operationsSettings,
  processSettings,
  retentionMs,
} from '@ballast/platform';
import { z } from 'zod';
import { admissionDefaults } from './intake/admission.js';

export const Configuration = z
  .object({
    ...processSettings,
    ...consumerSettings,
    ...reactionSettings,
    ...operationsSettings,
    ...branchSettings,
    /** Asked whether it has an article that no order has named here yet. */
    INVENTORY_URL: httpUrl,
    /** From an order's acceptance to the time when its flow gives up, before the pivot. */
    ORDER_TIMEOUT_MS: durationMs(30_000),
    /** While Kafka is away so many orders are accepted and kept; more are answered with 503 and Retry-After. */
    UNSENT_ORDERS_MAX: count(10_000),
    /** How many orders are being stored at a time; one of a batch counts like any other. */
    ORDERS_IN_HAND_MAX: count(admissionDefaults.inHandMax),
    /** How many more wait for that; beyond it they are answered with 503 and Retry-After. */
    ORDERS_WAITING_MAX: count(admissionDefaults.waitingMax),
    /** Orders of one customer, on average; twice as many at once. Beyond it they are answered with 429 and Retry-After. */
    CUSTOMER_ORDERS_PER_SECOND: count(admissionDefaults.perCustomerPerSecond),
    /** How long the Idempotency-Key of an order that has ended is remembered. */
    IDEMPOTENCY_KEY_RETENTION_MS: retentionMs(7 * 86_400_000),
  })
  .superRefine(retentionsFit)
  .refine(({ ORDER_TIMEOUT_MS, INBOX_HORIZON_MS }) => ORDER_TIMEOUT_MS < INBOX_HORIZON_MS, {
    path: ['ORDER_TIMEOUT_MS'],
    message: 'less than INBOX_HORIZON_MS, or the messages of a slow order would be refused',
  });
export type Configuration = Readonly<z.infer<typeof Configuration>>;

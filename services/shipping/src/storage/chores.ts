import { type Chore, type Query, rowsAtATime } from '@ballast/platform';
import type { Configuration } from '../configuration.js';
import { statements } from './statements.js';

/** In rows: no statement holds anything up for longer than some milliseconds. */
const rowsMax = 10_000;

/** Keeps the service's own tables flat. */
export const shippingChores = ({
  IDEMPOTENCY_KEY_RETENTION_MS,
  PURGE_INTERVAL_MS,
}: Pick<Configuration, 'IDEMPOTENCY_KEY_RETENTION_MS' | 'PURGE_INTERVAL_MS'>): Chore[] => [
  rowsAtATime('forget keys of added slots', {
    everyMs: PURGE_INTERVAL_MS,
    rowsMax,
    statement: max => statements.statement('forget-slots-keys', [IDEMPOTENCY_KEY_RETENTION_MS / 1_000, max]),
  }),
];

/** Which of these orders no command does anything for any more. */
export const finishedOrders = (orderIds: readonly string[]): Query =>
  statements.statement('find-finished', [orderIds]);

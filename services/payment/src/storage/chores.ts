import { type Chore, type Query, rowsAtATime } from '@ballast/platform';
import type { Configuration } from '../configuration.js';
import { statements } from './statements.js';

/** In rows: no statement holds anything up for longer than some milliseconds. */
const rowsMax = 10_000;
/** In rows: fewer parts of the ledger's totals are not worth a write. */
const totalsMin = 100;
/** Each pass that moves money adds a part, and whoever reads the ledger adds them up. */
const mergeEveryMs = 2_000;

/** Keeps the service's own tables flat. */
export const paymentChores = ({
  IDEMPOTENCY_KEY_RETENTION_MS,
  PURGE_INTERVAL_MS,
}: Pick<Configuration, 'IDEMPOTENCY_KEY_RETENTION_MS' | 'PURGE_INTERVAL_MS'>): Chore[] => [
  rowsAtATime('merge totals of the ledger', {
    everyMs: mergeEveryMs,
    rowsMax,
    statement: max => statements.statement('merge-totals', [totalsMin, max]),
  }),
  rowsAtATime('forget keys of deposits', {
    everyMs: PURGE_INTERVAL_MS,
    rowsMax,
    statement: max => statements.statement('forget-deposits', [IDEMPOTENCY_KEY_RETENTION_MS / 1_000, max]),
  }),
];

/** Which of these orders no command does anything for any more. */
export const finishedOrders = (orderIds: readonly string[]): Query =>
  statements.statement('find-finished', [orderIds]);

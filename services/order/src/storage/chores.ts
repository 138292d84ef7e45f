import { alongIds, type Chore, type Query } from '@ballast/platform';
import type { Configuration } from '../configuration.js';
import { statements } from './statements.js';

/** Orders a piece: each has its row written anew. */
const idsMax = 1_000;

/** Keeps the service's own tables flat. Orders themselves are kept: they are the shop's books. */
export const orderChores = ({
  IDEMPOTENCY_KEY_RETENTION_MS,
  PURGE_INTERVAL_MS,
}: Pick<Configuration, 'IDEMPOTENCY_KEY_RETENTION_MS' | 'PURGE_INTERVAL_MS'>): Chore[] => [
  alongIds('forget keys of orders', {
    everyMs: PURGE_INTERVAL_MS,
    retentionMs: IDEMPOTENCY_KEY_RETENTION_MS,
    idsMax,
    then: 'from there',
    async piece(database, stretch) {
      const { rows } = await database.query<{ last: string | null; looked: number }>(
        statements.statement('forget-keys', [
          stretch.after,
          stretch.before,
          stretch.idsMax,
          IDEMPOTENCY_KEY_RETENTION_MS / 1_000,
        ]),
      );
      return rows[0]!;
    },
  }),
];

/** Which of these orders no command does anything for any more. */
export const finishedOrders = (orderIds: readonly string[]): Query =>
  statements.statement('find-finished', [orderIds]);

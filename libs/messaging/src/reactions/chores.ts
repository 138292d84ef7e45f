import { alongIds, type Chore, type Query } from '@ballast/platform';
import type { Retentions } from '../storage/retention.js';
import { statements } from './tables.js';

const idsMax = 2_000;

/**
 * Purges the choreographed orders that nothing is left to be done for: older than the retention, no timer armed and
 * nothing parked here, no message held or dead, and the participant's own record in a state that no event changes.
 * @param finished which of these orders (`order_id`) have no record, or one in a last state
 */
export function reactionChores(
  {
    ORDER_STATE_RETENTION_MS,
    PURGE_INTERVAL_MS,
  }: Pick<Retentions, 'ORDER_STATE_RETENTION_MS' | 'PURGE_INTERVAL_MS'>,
  finished: (orderIds: readonly string[]) => Query,
): Chore[] {
  const seconds = ORDER_STATE_RETENTION_MS / 1_000;
  const chore = alongIds('forget choreographed orders', {
    everyMs: PURGE_INTERVAL_MS,
    retentionMs: ORDER_STATE_RETENTION_MS,
    idsMax,
    then: 'from the beginning',
    async piece(database, { after, before, idsMax }) {
      const { rows } = await database.query<{ order_id: string; quiet: boolean }>(
        statements.statement('look-at-old-choreographed', [after, before, idsMax, seconds]),
      );
      const quiet = rows.filter(row => row.quiet).map(row => row.order_id);
      if (quiet.length > 0) {
        const ended = await database.query<{ order_id: string }>(finished(quiet));
        const orderIds = ended.rows.map(row => row.order_id);
        if (orderIds.length > 0) {
          await database.query(statements.statement('forget-choreographed', [orderIds, seconds]));
        }
      }
      return { last: rows.at(-1)?.order_id ?? null, looked: rows.length };
    },
  });
  return [chore];
}

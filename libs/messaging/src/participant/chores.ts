import { alongIds, type Chore, type Queries, type Query } from '@ballast/platform';
import { reactionChores } from '../reactions/chores.js';
import type { Retentions } from '../storage/retention.js';
import { statements } from './tables.js';

/** In barrier rows: an order has a handful. */
const rowsMax = 2_000;

/**
 * Purges the barriers and outside calls of orders that nothing is left to be done for: older than the retention, no call
 * unanswered, no message held or dead, and the participant's own record in a state that no command changes any more. An
 * order whose saga is parked still has its goods reserved, or its money held, and keeps them for as long as that takes.
 * @param finished which of these orders (`order_id`) have no record, or one in a last state
 */
export function participantChores(
  { ORDER_STATE_RETENTION_MS, PURGE_INTERVAL_MS }: Retentions,
  finished: (orderIds: readonly string[]) => Query,
): Chore[] {
  const seconds = ORDER_STATE_RETENTION_MS / 1_000;
  const chore = alongIds('forget barriers', {
    everyMs: PURGE_INTERVAL_MS,
    retentionMs: ORDER_STATE_RETENTION_MS,
    idsMax: rowsMax,
    then: 'from the beginning',
    async piece(database, { after, before, idsMax }) {
      const { rows } = await database.query<StretchRow>(
        statements.statement('look-at-old-barriers', [after, before, idsMax, seconds]),
      );
      await forget(
        database,
        rows.filter(({ quiet }) => quiet).map(({ order_id }) => order_id),
      );
      return { last: rows.at(-1)?.order_id ?? null, looked: rows[0]?.looked ?? 0 };
    },
  });
  return [chore, ...reactionChores({ ORDER_STATE_RETENTION_MS, PURGE_INTERVAL_MS }, finished)];

  async function forget(database: Queries, quiet: readonly string[]): Promise<void> {
    if (quiet.length === 0) return;
    const { rows } = await database.query<{ order_id: string }>(finished(quiet));
    if (rows.length === 0) return;
    await database.query(
      statements.statement('forget-barriers', [rows.map(({ order_id }) => order_id), seconds]),
    );
  }
}

interface StretchRow {
  readonly order_id: string;
  /** Nothing of it is open, or changed lately. */
  readonly quiet: boolean;
  /** How many barriers the stretch has. */
  readonly looked: number;
}

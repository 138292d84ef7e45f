import { alongIds, type Chore, rowsAtATime } from '@ballast/platform';
import type { Configuration } from '../configuration.js';
import { statements } from './statements.js';

const idsMax = 2_000;

/** Keeps the orchestrator's own tables flat. A saga that has not ended is never touched, however old it is. */
export const orchestratorChores = ({
  ORDER_STATE_RETENTION_MS,
  PURGE_INTERVAL_MS,
}: Pick<Configuration, 'ORDER_STATE_RETENTION_MS' | 'PURGE_INTERVAL_MS'>): Chore[] => [
  alongIds('forget sagas', {
    everyMs: PURGE_INTERVAL_MS,
    retentionMs: ORDER_STATE_RETENTION_MS,
    idsMax,
    then: 'from the beginning',
    async piece(database, stretch) {
      const { rows } = await database.query<{ last: string | null; looked: number }>(
        statements.statement('forget-sagas', [
          stretch.after,
          stretch.before,
          stretch.idsMax,
          ORDER_STATE_RETENTION_MS / 1_000,
        ]),
      );
      return rows[0]!;
    },
  }),
  rowsAtATime('forget early cancels', {
    everyMs: PURGE_INTERVAL_MS,
    rowsMax: 1_000,
    statement: rowsMax =>
      statements.statement('forget-early-cancels', [ORDER_STATE_RETENTION_MS / 1_000, rowsMax]),
  }),
];

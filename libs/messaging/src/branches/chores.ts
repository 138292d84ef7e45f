import { alongIds, type Chore } from '@ballast/platform';
import type { Retentions } from '../storage/retention.js';
import { statements } from './tables.js';

/** In branches: three rows each at most. */
const idsMax = 1_000;

/** Purges branches that have ended, with their markers, when they are as old as the barriers that go. */
export const branchChores = ({ ORDER_STATE_RETENTION_MS, PURGE_INTERVAL_MS }: Retentions): Chore[] => [
  alongIds('forget branches', {
    everyMs: PURGE_INTERVAL_MS,
    retentionMs: ORDER_STATE_RETENTION_MS,
    idsMax,
    then: 'from the beginning',
    async piece(database, { after, before, idsMax }) {
      const { rows } = await database.query<{ last: string | null; looked: number }>(
        statements.statement('forget-branches', [after, before, idsMax, ORDER_STATE_RETENTION_MS / 1_000]),
      );
      return rows[0]!;
    },
  }),
];

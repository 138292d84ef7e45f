import { type Chore, durationMs, retentionMs, rowsAtATime } from '@ballast/platform';
import { z } from 'zod';
import { clockSkewMaxMs, type Timeliness } from '../lanes/untimely.js';
import { statements } from './statements.js';

const dayMs = 86_400_000;

/** How long things are kept; docs/operating/tables.md says what each is for. */
export const retentionSettings = {
  /** Older messages are refused, as their ids are forgotten. Longer than Kafka keeps them. */
  INBOX_HORIZON_MS: retentionMs(3 * dayMs),
  /** What only the protocol needs of orders that have ended: barriers, outside calls, sagas. */
  ORDER_STATE_RETENTION_MS: retentionMs(7 * dayMs),
  /** Dead letters that were replayed or discarded, with who did it. */
  DEAD_LETTER_RETENTION_MS: retentionMs(30 * dayMs),
  /** How long after a round of it the purge looks again. */
  PURGE_INTERVAL_MS: durationMs(10_000),
};

export type Retentions = Readonly<z.infer<z.ZodObject<typeof retentionSettings>>>;

/** For a schema with `.superRefine`: what is deduplicated by is kept for as long as doubles are taken. */
export function retentionsFit(
  settings: Pick<Retentions, 'INBOX_HORIZON_MS' | 'ORDER_STATE_RETENTION_MS'>,
  context: z.core.$RefinementCtx,
): void {
  if (settings.ORDER_STATE_RETENTION_MS >= settings.INBOX_HORIZON_MS) return;
  context.issues.push({
    code: 'custom',
    path: ['ORDER_STATE_RETENTION_MS'],
    message: `at least INBOX_HORIZON_MS (${settings.INBOX_HORIZON_MS}): a message that is taken must find its order`,
    input: settings,
  });
}

/** Which messages are taken, as the environment says. */
export const timelinessOf = ({ INBOX_HORIZON_MS }: Pick<Retentions, 'INBOX_HORIZON_MS'>): Timeliness => ({
  horizonMs: INBOX_HORIZON_MS,
  clockSkewMaxMs,
});

/**
 * Keeps the transport's own tables flat. Published outbox rows are deleted by whoever sent them, and the inbox's buckets
 * are dropped by the lanes' loop. What is open is never touched.
 */
export const transportChores = ({ DEAD_LETTER_RETENTION_MS, PURGE_INTERVAL_MS }: Retentions): Chore[] => [
  rowsAtATime('forget settled dead letters', {
    everyMs: PURGE_INTERVAL_MS,
    rowsMax: 1_000,
    statement: rowsMax =>
      statements.statement('forget-dead-letters', [DEAD_LETTER_RETENTION_MS / 1_000, rowsMax]),
  }),
];

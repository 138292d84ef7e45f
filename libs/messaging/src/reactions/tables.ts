import { nextDue, type Choreography, type Progress } from '@ballast/choreography';
import { loadQueries, type Queries } from '@ballast/platform';
import type { Timer } from '../lanes/work.js';
import type { Message } from '../message.js';
import type { Happened } from './history.js';

export const statements = loadQueries(new URL('../../src/reactions/queries/', import.meta.url));

/** A participant's progress with one order, as it is stored. */
export interface StoredProgress {
  readonly lane: number;
  readonly progress: Progress;
  /** Of the first event that came; what is announced carries it on. */
  readonly trace: Trace;
  readonly begunAt: Date;
  readonly parkedAt: Date | null;
  /** Everything that has happened to the order, where it is watched; empty elsewhere. */
  readonly history: readonly Happened[];
}

export type Trace = Pick<Message, 'traceparent' | 'tracestate'>;

export const traceOf = ({ traceparent, tracestate }: Message): Trace => ({
  ...(traceparent !== undefined && { traceparent }),
  ...(tracestate !== undefined && { tracestate }),
});

/** What the participant knows of these orders; those that it has heard nothing of are missing. */
export async function loadProgress(
  tx: Queries,
  participant: string,
  orderIds: readonly string[],
): Promise<Map<string, StoredProgress>> {
  const { rows } = await tx.query<ProgressRow>(statements.statement('load-choreographed', [orderIds]));
  return new Map(rows.map(row => [row.order_id, storedOf(row, participant)]));
}

/** The timers of these lanes' orders. */
export async function loadDue(tx: Queries, lanes: readonly number[]): Promise<Timer[]> {
  const { rows } = await tx.query<{ order_id: string; lane: number; due_at: Date }>(
    statements.statement('load-due', [lanes]),
  );
  return rows.map(({ order_id, lane, due_at }) => ({ lane, orderId: order_id, at: due_at }));
}

export async function saveProgress(
  tx: Queries,
  choreography: Choreography,
  changed: readonly StoredProgress[],
  now: Date,
): Promise<void> {
  const all = changed.map(({ progress }) => progress);
  await tx.query(
    statements.statement('save-choreographed', [
      all.map(({ id }) => id),
      changed.map(({ lane }) => lane),
      all.map(one => one.choreography),
      all.map(({ version }) => version),
      changed.map(({ begunAt }) => begunAt.toISOString()),
      all.map(({ deadlineAt }) => (deadlineAt === null ? null : new Date(deadlineAt).toISOString())),
      all.map(progress => nextDue(choreography, progress)?.toISOString() ?? null),
      all.map(progress => isOpen(choreography, progress)),
      all.map(parkedBecause),
      changed.map(({ parkedAt }) => parkedAt?.toISOString() ?? null),
      changed.map(({ trace }) => trace.traceparent ?? null),
      changed.map(({ trace }) => trace.tracestate ?? null),
      changed.map(({ progress, history }) => JSON.stringify(stateOf(progress, history))).join('\n'),
      now.toISOString(),
    ]),
  );
}

/** How many orders do not go on by themselves here. */
export async function countParked(database: Queries): Promise<number> {
  const { rows } = await database.query<{ parked: number }>(statements.statement('count-parked', []));
  return rows[0]!.parked;
}

/** Why an order does not go on by itself here; null when it does. */
export function parkedBecause({ watch, reactions }: Progress): string | null {
  const stuck = Object.entries(reactions).flatMap(([command, state]) =>
    state.is === 'stuck' ? [`${command}: ${state.reason}`] : [],
  );
  return stuck.length > 0 ? stuck.join(', ') : (watch?.parked ?? null);
}

const isOpen = (choreography: Choreography, progress: Progress): boolean =>
  progress.watch?.state === 'running' ||
  parkedBecause(progress) !== null ||
  nextDue(choreography, progress) !== null;

/** What has no column of its own. */
export interface ProgressState extends Pick<Progress, 'facts' | 'reactions' | 'watch'> {
  readonly history?: readonly Happened[];
}

const stateOf = ({ facts, reactions, watch }: Progress, history: readonly Happened[]): ProgressState => ({
  facts,
  reactions,
  watch,
  ...(history.length > 0 && { history }),
});

export interface ProgressRow {
  readonly order_id: string;
  readonly lane: number;
  readonly choreography: string;
  readonly version: number;
  readonly begun_at: Date;
  readonly deadline_at: Date | null;
  readonly parked_at: Date | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly state: ProgressState;
}

export function storedOf(row: ProgressRow, participant: string): StoredProgress {
  const { facts, reactions, watch, history = [] } = row.state;
  return {
    lane: row.lane,
    progress: {
      id: row.order_id,
      choreography: row.choreography,
      version: row.version,
      participant,
      deadlineAt: row.deadline_at?.getTime() ?? null,
      facts,
      reactions,
      watch,
    },
    trace: {
      ...(row.traceparent !== null && { traceparent: row.traceparent }),
      ...(row.tracestate !== null && { tracestate: row.tracestate }),
    },
    begunAt: row.begun_at,
    parkedAt: row.parked_at,
    history,
  };
}

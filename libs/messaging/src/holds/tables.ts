import { loadQueries, type Queries } from '@ballast/platform';
import type { Hold } from '@ballast/two-phase';
import type { Message } from '../message.js';

const statements = loadQueries(new URL('../../src/holds/queries/', import.meta.url), [
  'load-holds',
  'save-holds',
  'settle-holds',
]);

export interface StoredHold {
  readonly hold: Hold;
  readonly lane: number;
  /** The flow that is asked about. */
  readonly definition: string;
  /** Whose order it is part of: the question goes there, too. */
  readonly trace: Trace;
}

export type Trace = Pick<Message, 'traceparent' | 'tracestate'>;

export const traceOf = ({ traceparent, tracestate }: Nullable<Trace>): Trace => ({
  ...(traceparent && { traceparent }),
  ...(tracestate && { tracestate }),
});

type Nullable<T> = { readonly [Key in keyof T]: T[Key] | null };

/** Everything that these lanes hold. */
export async function loadHolds(tx: Queries, lanes: readonly number[]): Promise<StoredHold[]> {
  const { rows } = await tx.query<HoldRow>(statements.statement('load-holds', [lanes]));
  return rows.map(({ order_id: orderId, lane, branch, definition, ask_at, asked, ...trace }) => ({
    hold: { orderId, branch, askAt: ask_at.getTime(), asked },
    lane,
    definition,
    trace: traceOf(trace),
  }));
}

export async function saveHolds(tx: Queries, holds: readonly StoredHold[], now: Date): Promise<void> {
  await tx.query(
    statements.statement('save-holds', [
      holds.map(({ hold }) => hold.orderId),
      holds.map(({ lane }) => lane),
      holds.map(({ hold }) => hold.branch),
      holds.map(({ definition }) => definition),
      holds.map(({ hold }) => new Date(hold.askAt).toISOString()),
      holds.map(({ hold }) => hold.asked),
      now,
      holds.map(({ trace }) => trace.traceparent ?? null),
      holds.map(({ trace }) => trace.tracestate ?? null),
    ]),
  );
}

export async function settleHolds(tx: Queries, orderIds: readonly string[]): Promise<void> {
  await tx.query(statements.statement('settle-holds', [orderIds]));
}

interface HoldRow {
  readonly order_id: string;
  readonly lane: number;
  readonly branch: string;
  readonly definition: string;
  readonly ask_at: Date;
  readonly asked: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

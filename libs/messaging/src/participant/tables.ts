import type { OutsideAnswer, OutsideCall } from '@ballast/contracts';
import { loadQueries, type Queries } from '@ballast/platform';
import type { Message } from '../message.js';
import { type Barrier, type DefiniteAnswer, untouched, type WaitsFor } from './barrier.js';
import type { CallAnswered, CallAttempted } from './items.js';

export const statements = loadQueries(new URL('../../src/participant/queries/', import.meta.url), [
  'load-barriers',
  'save-barriers',
  'load-calls',
  'load-open-calls',
  'open-calls',
  'answer-calls',
  'record-attempts',
  'look-at-old-barriers',
  'forget-barriers',
]);

/** The barrier and the outside calls; a participant runs them after the transport's, before its own migrations. */
export const participantMigrations = {
  table: 'migrations_participant',
  directory: new URL('../../src/participant/migrations/', import.meta.url),
};

export interface StoredBarrier {
  readonly orderId: string;
  readonly operation: string;
  readonly barrier: Barrier;
}

/** All barriers of these orders. */
export async function loadBarriers(tx: Queries, orderIds: readonly string[]): Promise<StoredBarrier[]> {
  const { rows } = await tx.query<BarrierRow>(statements.statement('load-barriers', [orderIds]));
  return rows.map(row => ({ orderId: row.order_id, operation: row.operation, barrier: barrierOf(row) }));
}

export async function saveBarriers(tx: Queries, barriers: readonly StoredBarrier[]): Promise<void> {
  const columns = barriers.map(({ barrier }) => columnsOf(barrier));
  await tx.query(
    statements.statement('save-barriers', [
      barriers.map(({ orderId }) => orderId),
      barriers.map(({ operation }) => operation),
      barriers.map(({ barrier }) => barrier.kind),
      columns.map(({ answer }) => jsonOf(answer)),
      columns.map(({ waiting }) => jsonOf(waiting)),
    ]),
  );
}

/** A call that was decided on: it exists once it is committed. */
export interface NewCall {
  readonly orderId: string;
  /** The type of the command that waits for the answer. */
  readonly operation: string;
  readonly lane: number;
  readonly call: OutsideCall;
  /** From then on nobody wants it any more, if it was not made by then. Not stored: only who was told knows it. */
  readonly deadline?: Date;
}

/** A call that has no definite answer yet. */
export interface OpenCall extends NewCall {
  readonly round: number;
  readonly idempotencyKey: string;
  /** How often it was asked, as far as that is stored. */
  readonly attempt: number;
  /** How long to wait before it is asked again, in milliseconds. */
  readonly waitMs: number;
}

/** Inserts calls; leaves out those whose operation has an open one. */
export async function openCalls(tx: Queries, calls: readonly NewCall[]): Promise<OpenCall[]> {
  const { rows } = await tx.query<{
    order_id: string;
    operation: string;
    round: number;
    idempotency_key: string;
  }>(
    statements.statement('open-calls', [
      calls.map(({ orderId }) => orderId),
      calls.map(({ operation }) => operation),
      calls.map(({ lane }) => lane),
      calls.map(({ call }) => call.party),
      calls.map(({ call }) => call.operation),
      calls.map(({ call }) => JSON.stringify(call.request ?? null)),
    ]),
  );
  const opened = new Map(rows.map(row => [callKey(row.order_id, row.operation), row]));
  return calls.flatMap(call => {
    const row = opened.get(callKey(call.orderId, call.operation));
    return row === undefined
      ? []
      : [{ ...call, round: row.round, idempotencyKey: row.idempotency_key, attempt: 0, waitMs: 0 }];
  });
}

/** The lanes' calls that have no definite answer, oldest first. */
export async function loadOpenCalls(tx: Queries, lanes: readonly number[]): Promise<OpenCall[]> {
  const { rows } = await tx.query<OpenCallRow>(statements.statement('load-open-calls', [lanes]));
  return rows.map(row => ({
    orderId: row.order_id,
    operation: row.operation,
    lane: row.lane,
    call: { party: row.party, operation: row.party_operation, request: row.request },
    round: row.round,
    idempotencyKey: row.idempotency_key,
    attempt: row.attempt,
    waitMs: row.wait_ms,
  }));
}

/** How far a call is, as an answer to it finds it. */
export interface CallState {
  readonly round: number;
  readonly answer: OutsideAnswer | null;
}

/** By `callKey`. */
export async function loadCalls(
  tx: Queries,
  asked: readonly { orderId: string; operation: string }[],
): Promise<Map<string, CallState>> {
  const { rows } = await tx.query<{
    order_id: string;
    operation: string;
    round: number;
    answer: OutsideAnswer | null;
  }>(
    statements.statement('load-calls', [
      asked.map(({ orderId }) => orderId),
      asked.map(({ operation }) => operation),
    ]),
  );
  return new Map(
    rows.map(row => [callKey(row.order_id, row.operation), { round: row.round, answer: row.answer }]),
  );
}

export async function answerCalls(
  tx: Queries,
  answers: readonly { orderId: string; answered: CallAnswered }[],
): Promise<void> {
  await tx.query(
    statements.statement('answer-calls', [
      answers.map(({ orderId }) => orderId),
      answers.map(({ answered }) => answered.operation),
      answers.map(({ answered }) => answered.round),
      answers.map(({ answered }) => answered.attempt),
      answers.map(({ answered }) => JSON.stringify(answered.answer)),
    ]),
  );
}

export async function recordAttempts(
  tx: Queries,
  attempts: readonly { orderId: string; attempted: CallAttempted }[],
): Promise<void> {
  await tx.query(
    statements.statement('record-attempts', [
      attempts.map(({ orderId }) => orderId),
      attempts.map(({ attempted }) => attempted.operation),
      attempts.map(({ attempted }) => attempted.round),
      attempts.map(({ attempted }) => attempted.attempt),
      attempts.map(({ attempted }) => attempted.delayMs),
    ]),
  );
}

export const callKey = (orderId: string, operation: string): string => `${orderId}:${operation}`;

interface OpenCallRow {
  readonly order_id: string;
  readonly operation: string;
  readonly lane: number;
  readonly party: string;
  readonly party_operation: string;
  readonly request: unknown;
  readonly round: number;
  readonly idempotency_key: string;
  readonly attempt: number;
  readonly wait_ms: number;
}

interface BarrierRow {
  readonly order_id: string;
  readonly operation: string;
  readonly state: Barrier['kind'];
  readonly answer: DefiniteAnswer | null;
  readonly waiting: Waiting | null;
}

interface Waiting {
  readonly for: WaitsFor;
  readonly since: number;
  readonly do: Message | null;
  readonly undo: Message | null;
}

function columnsOf(barrier: Barrier): { answer: DefiniteAnswer | null; waiting: Waiting | null } {
  switch (barrier.kind) {
    case 'untouched':
    case 'tombstone':
      return { answer: null, waiting: null };
    case 'answered':
      return { answer: barrier.answer, waiting: null };
    case 'undone':
      return { answer: { outcome: 'done', reply: barrier.reply }, waiting: null };
    case 'waiting':
      return { answer: null, waiting: waitingOf(barrier) };
    case 'undoing':
      return { answer: barrier.answer, waiting: waitingOf(barrier) };
  }
}

const waitingOf = ({ for: waitsFor, since, do: asked, undo }: Waiting): Waiting => ({
  for: waitsFor,
  since,
  do: asked,
  undo,
});

function barrierOf({ state, answer, waiting, order_id, operation }: BarrierRow): Barrier {
  switch (state) {
    case 'untouched':
      return untouched;
    case 'tombstone':
      return { kind: 'tombstone' };
    case 'answered':
      if (answer !== null) return { kind: 'answered', answer };
      break;
    case 'undone':
      if (answer?.outcome === 'done') return { kind: 'undone', reply: answer.reply };
      break;
    case 'waiting':
      if (waiting?.do) return { kind: 'waiting', ...waiting, do: waiting.do };
      break;
    case 'undoing':
      if (waiting?.undo) return { kind: 'undoing', answer, ...waiting, undo: waiting.undo };
      break;
  }
  throw new Error(`the barrier of ${operation} of order ${order_id} says ${state}, and not the rest of it`);
}

const jsonOf = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

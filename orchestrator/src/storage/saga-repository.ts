import { recordActions, type Ruling, type Timer } from '@ballast/messaging';
import type { Queries, Query } from '@ballast/platform';
import { hasEnded, type Instance, nextDue, type State } from './instance.js';
import { statements } from './statements.js';

export interface StoredSaga {
  readonly lane: number;
  readonly instance: Instance;
  /** The trace context of the message that started it. */
  readonly trace: { readonly traceparent?: string; readonly tracestate?: string };
}

/** What the database knows of an order: nothing, a saga, or that it was cancelled before its start came. */
export type Known =
  | { readonly kind: 'saga'; readonly saga: StoredSaga }
  | { readonly kind: 'cancelled early' }
  | { readonly kind: 'absent' };

/** What one pass changes. */
export interface SagaChanges {
  readonly now: Date;
  readonly started: readonly StoredSaga[];
  /** Not those that were started. */
  readonly advanced: readonly StoredSaga[];
  readonly cancelledEarly: readonly { orderId: string; lane: number }[];
  /** Early cancels whose start has come. */
  readonly settled: readonly string[];
  /** Sagas that are parked now, or for another reason than before; a null reason: those that go on. */
  readonly parkings: ReadonlyMap<string, string | null>;
  readonly rulings: readonly Ruling[];
}

/** Sagas in the database. Only the owner of a saga's lane loads it to write it, so that nothing has to be locked. */
export class SagaRepository {
  /** Those of which something is known, by order id. */
  async load(tx: Queries, orders: ReadonlyMap<string, number>): Promise<Map<string, Known>> {
    if (orders.size === 0) return new Map();
    const { rows } = await tx.query<SagaRow>(statements.statement('load-sagas', [[...orders.keys()]]));
    return new Map(
      rows.map(row => {
        const saga = sagaOf(row, orders.get(row.order_id)!);
        return [row.order_id, saga === null ? { kind: 'cancelled early' } : { kind: 'saga', saga }];
      }),
    );
  }

  /** One statement per table, none waiting for another. */
  async save(tx: Queries, changes: SagaChanges): Promise<void> {
    const { now, started, advanced, cancelledEarly, settled, parkings, rulings } = changes;
    const queries: Query[] = [];
    if (started.length > 0) queries.push(startSagas(started, now));
    if (advanced.length > 0) queries.push(advanceSagas(advanced, now));
    if (cancelledEarly.length > 0) {
      const [orders, lanes] = [
        cancelledEarly.map(({ orderId }) => orderId),
        cancelledEarly.map(({ lane }) => lane),
      ];
      queries.push(statements.statement('insert-early-cancels', [orders, lanes, now]));
    }
    if (settled.length > 0) queries.push(statements.statement('delete-early-cancels', [settled]));
    if (parkings.size > 0) queries.push(...parkSagas(parkings, now));
    if (rulings.length > 0) queries.push(recordActions(rulings, now));
    await allOf(queries.map(query => tx.query(query)));
  }

  /** After a claim: the timers of all running sagas of these lanes. */
  async takeOver(tx: Queries, lanes: readonly number[]): Promise<Timer[]> {
    const { rows } = await tx.query<{ order_id: string; lane: number; due_at: Date }>(
      statements.statement('load-due', [lanes]),
    );
    return rows.map(row => ({ lane: row.lane, orderId: row.order_id, at: row.due_at }));
  }

  /** Which versions of which definitions sagas run that have not ended, and how many each. */
  async runningVersions(queries: Queries): Promise<RunningVersion[]> {
    return (await queries.query<RunningVersion>(statements.statement('running-versions'))).rows;
  }
}

export interface RunningVersion {
  readonly definition: string;
  readonly version: number;
  readonly running: number;
}

/** As it is stored: the history beside the state's own fields, so that a step writes one value. */
export type StoredState = State & { readonly history?: string };

interface SagaRow {
  readonly order_id: string;
  readonly definition: string | null;
  readonly version: number;
  readonly input: unknown;
  readonly deadline_at: Date | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly state: StoredState;
}

/** Null when there is no saga, but an early cancel. */
function sagaOf(row: SagaRow, lane: number): StoredSaga | null {
  const { order_id: id, definition, version, input, deadline_at, traceparent, tracestate } = row;
  if (definition === null) return null;
  const { history = '', ...state } = row.state;
  return {
    lane,
    instance: {
      id,
      definition,
      version,
      input,
      deadlineAt: deadline_at?.getTime() ?? null,
      state,
      history,
    } as Instance,
    trace: { ...(traceparent !== null && { traceparent }), ...(tracestate !== null && { tracestate }) },
  };
}

function startSagas(started: readonly StoredSaga[], now: Date): Query {
  const instances = started.map(({ instance }) => instance);
  return statements.statement('start-sagas', [
    instances.map(({ id }) => id),
    instances.map(({ definition }) => definition),
    instances.map(({ version }) => version),
    jsonLines(instances.map(({ input }) => input)),
    instances.map(({ deadlineAt }) => (deadlineAt === null ? null : new Date(deadlineAt).toISOString())),
    started.map(({ trace }) => trace.traceparent ?? null),
    started.map(({ trace }) => trace.tracestate ?? null),
    started.map(({ lane }) => lane),
    ...progressOf(instances),
    now,
  ]);
}

function advanceSagas(advanced: readonly StoredSaga[], now: Date): Query {
  const instances = advanced.map(({ instance }) => instance);
  return statements.statement('advance-sagas', [
    instances.map(({ id }) => id),
    ...progressOf(instances),
    now,
  ]);
}

const progressOf = (instances: readonly Instance[]) => [
  instances.map(({ state }) => !hasEnded(state)),
  instances.map(instance => nextDue(instance)?.toISOString() ?? null),
  instances.map(({ state, history }) => stored({ ...state, history })).join('\n'),
];

/** As large as at a saga's end, so that its row never grows: see the migration states-of-one-size. */
const stateLengthMin = 800;
const stored = (state: StoredState): string => JSON.stringify(state).padEnd(stateLengthMin);

function parkSagas(parkings: SagaChanges['parkings'], now: Date): Query[] {
  const parked = [...parkings].filter(([, reason]) => reason !== null);
  const resumed = [...parkings].filter(([, reason]) => reason === null);
  const [orders, reasons] = [parked.map(([orderId]) => orderId), parked.map(([, reason]) => reason)];
  return [
    ...(parked.length > 0 ? [statements.statement('park-sagas', [orders, reasons, now])] : []),
    ...(resumed.length > 0
      ? [statements.statement('unpark-sagas', [resumed.map(([orderId]) => orderId)])]
      : []),
  ];
}

const jsonLines = (values: readonly unknown[]): string =>
  values.map(value => JSON.stringify(value)).join('\n');

/**
 * Waits for all of them, so that nothing is in flight any more. Statements behind one that failed fail too (25P02): the
 * first failure is the cause, and they are answered in the order in which they were sent.
 */
async function allOf(statements: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(statements)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

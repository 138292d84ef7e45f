import type { ServiceName, StockLine } from '@ballast/contracts';
import { isOpen, type State, stepsOf } from '@ballast/saga';
import type { Limits } from '../limits.js';
import type { JournalRow } from './journals.js';
import type { Snapshot } from './snapshot.js';
import { nextOrder } from './sorted-rows.js';
import type { MessageRow, TopicLog } from './topic-log.js';

/** All that the databases, the topics and the outside parties know of one order. */
export interface Dossier {
  readonly id: string;
  readonly progress: Progress;
  readonly order: OrderRow | null;
  readonly saga: SagaRow | null;
  readonly reservation: ReservationRow | null;
  readonly payment: PaymentRow | null;
  readonly postings: readonly PostingRow[];
  readonly shipment: ShipmentRow | null;
  readonly slotIds: readonly number[];
  readonly barriers: readonly BarrierRow[];
  /** In the order of their topics; each once. */
  readonly messages: readonly MessageRow[];
  readonly journal: readonly JournalRow[];
}

/** Whether an order has come to its end; `overdue` when it should have. */
export type Progress = 'ended' | 'under way' | 'overdue';

export interface OrderRow {
  readonly orderId: string;
  readonly status: 'PENDING' | 'COMPLETED' | 'CANCELLED';
  readonly reason: string | null;
  readonly amountCents: number;
  readonly lines: readonly StockLine[];
  readonly card: boolean;
  readonly placedAt: Date;
  readonly endedAt: Date | null;
}

export interface SagaRow {
  readonly orderId: string;
  readonly definition: string;
  readonly version: number;
  readonly running: boolean;
  readonly endedAt: Date | null;
  readonly state: State;
}

export interface ReservationRow {
  readonly orderId: string;
  readonly status: 'reserved' | 'released' | 'shipped';
  readonly lines: readonly StockLine[];
}

export interface PaymentRow {
  readonly orderId: string;
  readonly status: 'authorizing' | 'held' | 'capturing' | 'captured' | 'voiding' | 'voided' | 'declined';
  readonly amountCents: number | null;
  readonly holdId: string | null;
  readonly captureId: string | null;
}

export interface PostingRow {
  readonly orderId: string;
  readonly kind: 'authorize' | 'void' | 'capture';
  readonly account: 'customer' | 'escrow' | 'merchant' | 'bank';
  readonly amountCents: number;
}

export interface ShipmentRow {
  readonly orderId: string;
  readonly status: 'booked' | 'cancelled' | 'dispatching' | 'dispatched';
  readonly slotId: number;
  readonly trackingNumber: string | null;
}

export interface BarrierRow {
  readonly orderId: string;
  readonly operation: string;
  readonly state: 'untouched' | 'waiting' | 'answered' | 'undoing' | 'undone' | 'tombstone';
  /** Of its answer: done or rejected. */
  readonly outcome: string | null;
}

export interface DossierSources {
  readonly databases: Readonly<Record<ServiceName, Snapshot>>;
  readonly topics: TopicLog;
  readonly journals: Awaited<ReturnType<typeof import('./journals.js').readJournals>>;
  readonly limits: Limits;
  /** Messages that are in no order's story: they were broken on purpose. */
  readonly expected: { readonly poison: ReadonlySet<string> };
  /** Whether nothing was on its way any more when the stack was looked at. */
  readonly atRest: boolean;
}

/** One dossier after the other, by order id: the sources are read side by side, and only one order is in memory. */
export async function* dossiers(sources: DossierSources): AsyncGenerator<Dossier> {
  const { databases, topics, journals, limits, expected, atRest } = sources;
  const { order, inventory, payment, shipping, orchestrator } = databases;
  const rows = {
    orders: order.sorted<OrderRow>(queries.orders),
    sagas: orchestrator.sorted<SagaRow>(queries.sagas),
    reservations: inventory.sorted<ReservationRow>(queries.reservations),
    payments: payment.sorted<PaymentRow>(queries.payments),
    postings: payment.sorted<PostingRow>(queries.postings),
    shipments: shipping.sorted<ShipmentRow>(queries.shipments),
    slots: shipping.sorted<{ orderId: string; id: number }>(queries.slots),
    messages: topics.byOrder(),
    journal: journals,
  };
  const barriers = [order, inventory, payment, shipping].map(database =>
    database.sorted<BarrierRow>(queries.barriers),
  );
  const all = [...Object.values(rows), ...barriers];
  for (let id = await nextOrder(all); id !== null; id = await nextOrder(all)) {
    const found = {
      id,
      order: (await rows.orders.take(id))[0] ?? null,
      saga: (await rows.sagas.take(id))[0] ?? null,
      reservation: (await rows.reservations.take(id))[0] ?? null,
      payment: (await rows.payments.take(id))[0] ?? null,
      postings: await rows.postings.take(id),
      shipment: (await rows.shipments.take(id))[0] ?? null,
      slotIds: (await rows.slots.take(id)).map(slot => slot.id),
      barriers: (await Promise.all(barriers.map(source => source.take(id)))).flat(),
      messages: (await rows.messages.take(id)).filter(message => !expected.poison.has(message.id)),
      journal: await rows.journal.take(id),
    };
    if (isEmpty(found)) continue;
    yield { ...found, progress: progressOf(found, order.now, limits, atRest) };
  }
}

/** Nothing but messages that were left out. */
const isEmpty = ({ id: _, ...found }: Omit<Dossier, 'progress'>): boolean =>
  Object.values(found).every(part => part === null || (Array.isArray(part) && part.length === 0));

function progressOf(
  { id, order, saga, barriers }: Omit<Dossier, 'progress'>,
  now: Date,
  { endsWithinMs, restMs }: Limits,
  atRest: boolean,
): Progress {
  const hasEnded =
    (order === null || order.endedAt !== null) &&
    (saga === null || (!saga.running && !stepsOf(saga.state).some(isUndoing))) &&
    !barriers.some(({ state }) => state === 'waiting' || state === 'undoing');
  const ageMs = now.getTime() - (order?.placedAt.getTime() ?? bornAtMs(id));
  // Databases and topics are looked at one after the other: what has just ended may still move in a later one.
  if (hasEnded) return atRest || ageMs > restMs ? 'ended' : 'under way';
  return ageMs > endsWithinMs ? 'overdue' : 'under way';
}

const isUndoing = ({ undo }: ReturnType<typeof stepsOf>[number]): boolean =>
  undo !== undefined && isOpen(undo);

/** A UUIDv7 begins with the milliseconds since 1970 (RFC 9562). */
const bornAtMs = (id: string): number => parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

const queries = {
  orders: `
    SELECT id AS "orderId", status, reason, amount_cents AS "amountCents", details->'lines' AS lines,
           details->'payment'->>'kind' = 'card' AS card, placed_at AS "placedAt", ended_at AS "endedAt"
    FROM orders ORDER BY id`,
  sagas: `
    SELECT order_id AS "orderId", definition, version, running, ended_at AS "endedAt", state
    FROM saga JOIN saga_progress USING (order_id) ORDER BY order_id`,
  reservations: 'SELECT order_id AS "orderId", status, lines FROM reservation ORDER BY order_id',
  payments: `
    SELECT order_id AS "orderId", status, amount_cents AS "amountCents", hold_id AS "holdId", capture_id AS "captureId"
    FROM payment ORDER BY order_id`,
  postings: `
    SELECT order_id AS "orderId", kind, account, amount_cents AS "amountCents"
    FROM posting WHERE order_id IS NOT NULL ORDER BY order_id`,
  shipments: `
    SELECT order_id AS "orderId", status, slot_id AS "slotId", tracking_number AS "trackingNumber"
    FROM shipment ORDER BY order_id`,
  slots: 'SELECT order_id AS "orderId", id FROM slot WHERE order_id IS NOT NULL ORDER BY order_id',
  barriers: `
    SELECT order_id AS "orderId", operation, state, answer->>'outcome' AS outcome FROM barrier ORDER BY order_id`,
};

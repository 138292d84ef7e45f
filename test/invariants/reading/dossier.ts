import type { Protocol, ServiceName, StockLine } from '@ballast/contracts';
import type { Progress as ReactionProgress } from '@ballast/choreography';
import type { State } from '@ballast/saga';
import type { LocalBranchState, State as CoordinatedState } from '@ballast/two-phase';
import type { Limits } from '../limits.js';
import { protocolOf, recordOf } from './flow-record.js';
import type { JournalRow } from './journals.js';
import type { Snapshot } from './snapshot.js';
import { nextOrder, type SortedRows } from './sorted-rows.js';
import type { MessageRow, TopicLog } from './topic-log.js';

/** All that the databases, the topics and the outside parties know of one order. */
export interface Dossier {
  readonly id: string;
  readonly progress: Progress;
  readonly order: OrderRow | null;
  /** What the orchestrator keeps: a saga, or the coordinator of TCC or two-phase commit. */
  readonly saga: SagaRow | null;
  /** What operators have asked the orchestrator for. */
  readonly operatorActions: readonly OperatorActionRow[];
  /** What each participant has heard of a choreographed order, and what became of its reactions. */
  readonly reactions: readonly ReactionsRow[];
  /** The participants' branches of a two-phase commit. */
  readonly branches: readonly BranchRow[];
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

/** Those who take part in an order's flow. */
export const participantNames = ['order', 'inventory', 'payment', 'shipping'] as const;

/** Whether an order has come to its end; `overdue` when it has not, and should have. */
export type Progress = 'ended' | 'under way' | 'overdue';

export interface OrderRow {
  readonly orderId: string;
  readonly status: 'PENDING' | 'COMPLETED' | 'CANCELLED';
  readonly reason: string | null;
  readonly protocol: Protocol;
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
  readonly state: State | CoordinatedState;
}

export interface OperatorActionRow {
  readonly orderId: string;
  /** Of the message, too. */
  readonly id: string;
  readonly action: string;
  /** Null before the order's owner has decided. */
  readonly outcome: 'applied' | 'refused' | null;
}

export interface ReactionsRow {
  readonly orderId: string;
  readonly participant: string;
  /** Whether it has something left to do by itself. */
  readonly open: boolean;
  readonly parked: string | null;
  readonly facts: ReactionProgress['facts'];
  readonly reactions: ReactionProgress['reactions'];
  readonly watch: ReactionProgress['watch'];
}

export interface BranchRow {
  readonly orderId: string;
  readonly participant: string;
  readonly state: LocalBranchState['kind'];
  readonly alarm: string | null;
  /** What its transaction has left behind: whether it was committed, or blocked before it began. */
  readonly marker: 'committed' | 'blocked' | null;
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
    operatorActions: orchestrator.sorted<OperatorActionRow>(queries.operatorActions),
    reservations: inventory.sorted<ReservationRow>(queries.reservations),
    payments: payment.sorted<PaymentRow>(queries.payments),
    postings: payment.sorted<PostingRow>(queries.postings),
    shipments: shipping.sorted<ShipmentRow>(queries.shipments),
    slots: shipping.sorted<{ orderId: string; id: number }>(queries.slots),
    messages: topics.byOrder(),
    journal: journals,
  };
  const ofParticipants = <Row extends { orderId: string }>(query: (name: string) => string) =>
    participantNames.map(name => databases[name].sorted<Row>(query(name)));
  const barriers = ofParticipants<BarrierRow>(() => queries.barriers);
  const reactions = ofParticipants<ReactionsRow>(queries.reactions);
  const branches = ofParticipants<BranchRow>(queries.branches);
  const taken = async <Row extends { orderId: string }>(sources: SortedRows<Row>[], orderId: string) =>
    (await Promise.all(sources.map(source => source.take(orderId)))).flat();
  const all = [...Object.values(rows), ...barriers, ...reactions, ...branches];
  for (let id = await nextOrder(all); id !== null; id = await nextOrder(all)) {
    const found = {
      id,
      order: (await rows.orders.take(id))[0] ?? null,
      saga: (await rows.sagas.take(id))[0] ?? null,
      operatorActions: await rows.operatorActions.take(id),
      reactions: await taken(reactions, id),
      branches: await taken(branches, id),
      reservation: (await rows.reservations.take(id))[0] ?? null,
      payment: (await rows.payments.take(id))[0] ?? null,
      postings: await rows.postings.take(id),
      shipment: (await rows.shipments.take(id))[0] ?? null,
      slotIds: (await rows.slots.take(id)).map(slot => slot.id),
      barriers: await taken(barriers, id),
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

/**
 * How far an order has come by `now`. One that has ended is never overdue, however long it took: outages are survived by
 * waiting, so its duration says nothing about correctness.
 */
export function progressOf(
  dossier: Omit<Dossier, 'progress'>,
  now: Date,
  { endsWithinMs, restMs }: Limits,
  atRest: boolean,
): Progress {
  const { id, order, barriers } = dossier;
  const hasEnded =
    (order === null || order.endedAt !== null) &&
    (recordOf(protocolOf(dossier), dossier)?.open ?? []).length === 0 &&
    !barriers.some(({ state }) => state === 'waiting' || state === 'undoing');
  const ageMs = now.getTime() - (order?.placedAt.getTime() ?? bornAtMs(id));
  // Databases and topics are looked at one after the other: what has just ended may still move in a later one.
  if (hasEnded) return atRest || ageMs > restMs ? 'ended' : 'under way';
  return ageMs > endsWithinMs ? 'overdue' : 'under way';
}

/** A UUIDv7 begins with the milliseconds since 1970 (RFC 9562). */
const bornAtMs = (id: string): number => parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

const queries = {
  orders: `
    SELECT id AS "orderId", status, reason, protocol, amount_cents AS "amountCents", details->'lines' AS lines,
           details->'payment'->>'kind' = 'card' AS card, placed_at AS "placedAt", ended_at AS "endedAt"
    FROM orders ORDER BY id`,
  sagas: `
    SELECT order_id AS "orderId", definition, version, running, ended_at AS "endedAt", state
    FROM saga JOIN saga_progress USING (order_id) ORDER BY order_id`,
  operatorActions: 'SELECT order_id AS "orderId", id, action, outcome FROM operator_action ORDER BY order_id',
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
  reactions: (participant: string) => `
    SELECT order_id AS "orderId", '${participant}' AS participant, open, parked,
           state->'facts' AS facts, state->'reactions' AS reactions, state->'watch' AS watch
    FROM choreographed_order ORDER BY order_id`,
  branches: (participant: string) => `
    SELECT order_id AS "orderId", '${participant}' AS participant, state, alarm, outcome AS marker
    FROM branch LEFT JOIN branch_marker USING (order_id) ORDER BY order_id`,
};

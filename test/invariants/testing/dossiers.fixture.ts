import type { State } from '@ballast/saga';
import { Notes, type Rule } from '../rule.js';
import type { BarrierRow, Dossier } from '../reading/dossier.js';
import { answerTo, flow, noticeType, roles } from '../reading/flow.js';
import type { JournalRow } from '../reading/journals.js';
import type { MessageRow } from '../reading/topic-log.js';

export const id = '019a0000-0000-7000-8000-000000000001';
const at = new Date('2030-01-01T00:00:00Z');
const amountCents = 1_000;
const lines = [{ sku: 'kettle', quantity: 1 }];

/** The steps that a cancelled order's saga has taken before the booking was rejected. */
const undone = ['reserve stock', 'authorize payment'];

let messages = 0;

/** A message as the topics have it. */
export function message(type: string, changes: Partial<MessageRow> = {}): MessageRow {
  const number = ++messages;
  const answers = type.endsWith('.answered');
  const service = answers ? type.slice(0, type.indexOf('.')) : 'orchestrator';
  return {
    orderId: id,
    id: `019a0000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    topic: answers ? 'orchestrator.replies' : `${type.slice(0, type.indexOf('.'))}.commands`,
    lane: 1,
    position: number,
    copies: 1,
    type,
    source: type === 'orchestrator.start' ? '/order' : `/${service}`,
    sentAt: at.getTime() + number,
    step: null,
    attempt: roles.has(type) || answers ? 1 : null,
    outcome: answers ? 'done' : null,
    ...changes,
  };
}

export const pair = (type: string): MessageRow[] => [message(type), message(answerTo(type))];

export const barrier = (
  operation: string,
  state: BarrierRow['state'],
  outcome: string | null,
): BarrierRow => ({
  orderId: id,
  operation,
  state,
  outcome,
});

/** A card order that went through: everything that is known of it agrees. */
export function completedOrder(changes: Partial<Dossier> = {}): Dossier {
  const steps = flow.steps.map(({ name }) => ({ name, do: { is: 'done', attempts: 1, reply: {} } }) as const);
  return {
    id,
    progress: 'ended',
    order: {
      orderId: id,
      status: 'COMPLETED',
      reason: null,
      protocol: 'orchestrated',
      amountCents,
      lines,
      card: true,
      placedAt: at,
      endedAt: new Date(at.getTime() + 50),
    },
    saga: saga({ kind: 'completed', steps }),
    operatorActions: [],
    reactions: [],
    branches: [],
    reservation: { orderId: id, status: 'shipped', lines },
    payment: { orderId: id, status: 'captured', amountCents, holdId: 'hold_1', captureId: 'capture_1' },
    postings: [
      { orderId: id, kind: 'capture', account: 'bank', amountCents: -amountCents },
      { orderId: id, kind: 'capture', account: 'merchant', amountCents },
    ],
    shipment: { orderId: id, status: 'dispatched', slotId: 7, trackingNumber: 'track_1' },
    slotIds: [7],
    barriers: flow.steps.map(step => barrier(step.do.type, 'answered', 'done')),
    messages: [message('orchestrator.start'), ...flow.steps.flatMap(step => pair(step.do.type))],
    journal: [
      entry('hold', 'payment.authorize', 'hold_1', 'tok_visa'),
      entry('capture', 'payment.capture', 'capture_1', 'hold_1'),
      entry('label', 'shipping.dispatch', 'track_1', id),
    ],
    ...changes,
  };
}

/** A wallet order whose address is not served: what was done before is undone. */
export function cancelledOrder(changes: Partial<Dossier> = {}): Dossier {
  const reason = 'ADDRESS_NOT_SERVED';
  const steps = [
    ...undone.map(name => ({
      name,
      do: { is: 'done', attempts: 1, reply: {} } as const,
      undo: { is: 'done', attempts: 1 } as const,
    })),
    { name: 'book shipment', do: { is: 'rejected', attempts: 1, code: reason } as const },
  ];
  const posting = (kind: 'authorize' | 'void', account: 'customer' | 'escrow', cents: number) => ({
    orderId: id,
    kind,
    account,
    amountCents: cents,
  });
  const rejected = answerTo('shipping.book');
  return {
    ...completedOrder(),
    order: { ...completedOrder().order!, status: 'CANCELLED', reason, card: false },
    saga: saga({ kind: 'compensated', reason, steps }),
    reservation: { orderId: id, status: 'released', lines },
    payment: { orderId: id, status: 'voided', amountCents, holdId: null, captureId: null },
    postings: [
      posting('authorize', 'customer', -amountCents),
      posting('authorize', 'escrow', amountCents),
      posting('void', 'escrow', -amountCents),
      posting('void', 'customer', amountCents),
    ],
    shipment: null,
    slotIds: [],
    barriers: [
      barrier('inventory.reserve', 'undone', 'done'),
      barrier('payment.authorize', 'undone', 'done'),
      barrier('shipping.book', 'answered', 'rejected'),
      barrier(noticeType, 'answered', 'done'),
    ],
    messages: [
      message('orchestrator.start'),
      ...pair('inventory.reserve'),
      ...pair('payment.authorize'),
      message('shipping.book'),
      message(rejected, { outcome: 'rejected' }),
      ...pair('payment.void'),
      ...pair('inventory.release'),
      message(noticeType),
      message(answerTo(noticeType), { attempt: null }),
    ],
    journal: [],
    ...changes,
  };
}

function saga(state: State): NonNullable<Dossier['saga']> {
  return { orderId: id, definition: flow.name, version: flow.version, running: false, endedAt: at, state };
}

/** What an outside party wrote down. */
export function entry(
  operation: JournalRow['operation'],
  command: string,
  handedOut: string,
  about: string,
): JournalRow {
  const party = operation === 'label' ? 'carrier' : 'card-gateway';
  const cents = operation === 'label' ? null : amountCents;
  return {
    orderId: id,
    party,
    key: `${id}:${command}`,
    operation,
    outcome: 'done',
    id: handedOut,
    about,
    amountCents: cents,
  };
}

/** What a rule has against an order. */
export function complaints(rule: Rule, dossier: Dossier): string[] {
  const notes = new Notes();
  rule.order!(dossier, notes);
  return notes.violations.map(({ what }) => what);
}

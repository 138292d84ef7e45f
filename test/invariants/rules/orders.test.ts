import { orderOperatorCommands, Protocol } from '@ballast/contracts';
import { describe, expect, test } from 'vitest';
import type { Aborted, Committed, State } from '@ballast/two-phase';
import type { Dossier } from '../reading/dossier.js';
import { answerTo } from '../reading/flow.js';
import type { Rule } from '../rule.js';
import { cancelledOrder, complaints, completedOrder, entry, message } from '../testing/dossiers.fixture.js';
import { cancelledUnder, completedUnder } from '../testing/protocols.fixture.js';
import { servicesAgree } from './agreement.js';
import { eventsAreHeard } from './announcements.js';
import { answersAreTheBarriers } from './answers.js';
import { nobodyPaysTwice } from './charges.js';
import { commandsAreTheSagas } from './commands.js';
import { decisionsAreOne } from './decisions.js';
import { acceptedOrdersEnd } from './endings.js';
import { orderPerKey } from './order-per-key.js';
import { rules } from './rules.js';
import { slotsMatchShipments } from './slots.js';
import { movesAreDeclared } from './transitions.js';
import { undoneOnceAndForGood } from './undos.js';

const [completed, cancelled] = [completedOrder(), cancelledOrder()];

const applies = (rule: Rule, protocol: Protocol) =>
  rule.order !== undefined && rule.of?.includes(protocol) !== false;

describe.each(Protocol.options)('%s', protocol => {
  describe.each(rules.filter(rule => applies(rule, protocol)).map(rule => [rule.name, rule] as const))(
    '%s',
    (_, rule) => {
      test('holds for an order that went through', () =>
        expect(complaints(rule, completedUnder[protocol])).toEqual([]));
      test('holds for an order that was cancelled', () =>
        expect(complaints(rule, cancelledUnder[protocol])).toEqual([]));
    },
  );
});

const prepared = completedUnder['two-phase'];
const [tried, untried] = [completedUnder.tcc, cancelledUnder.tcc];
const reacted = completedUnder.choreographed;

/** An order that has not ended: nobody has to have done anything yet. */
const underWay = (dossier: Dossier, state: State): Dossier => ({
  ...dossier,
  progress: 'under way',
  order: { ...dossier.order!, status: 'PENDING', endedAt: null },
  saga: { ...dossier.saga!, running: true, endedAt: null, state },
  messages: [],
});
const undecided = underWay(prepared, { kind: 'preparing', branches: [] });
/** Those that are not named have voted yes, and wait. */
const branchesOf = (changes: Readonly<Record<string, Partial<Dossier['branches'][number]>>>) =>
  prepared.branches.map(row => ({
    ...row,
    state: 'prepared' as const,
    marker: null,
    ...changes[row.participant],
  }));
/** An operator has rolled two branches back by hand, and then the coordinator has committed: it is parked for good. */
const forcedApart: Dossier = {
  ...underWay(prepared, {
    kind: 'parked',
    reason: 'ROLLED_BACK',
    resumeAs: { kind: 'committing', branches: (prepared.saga!.state as Committed).branches, afterwards: [] },
  }),
  branches: branchesOf({
    inventory: { state: 'rolled-back', alarm: 'DECISION_CONTRADICTED' },
    payment: { state: 'committed', marker: 'committed' },
    shipping: { state: 'rolled-back', alarm: 'DECISION_CONTRADICTED' },
  }),
};

const without = (dossier: Dossier, type: string) => dossier.messages.filter(found => found.type !== type);

describe('is violated by', () => {
  const broken: readonly [what: string, rule: Rule, dossier: Dossier, complaint: string][] = [
    [
      'an order that should have ended',
      acceptedOrdersEnd,
      completedOrder({ progress: 'overdue' }),
      'it has not ended',
    ],
    [
      'goods that a cancelled order keeps',
      servicesAgree,
      { ...cancelled, reservation: { ...cancelled.reservation!, status: 'reserved' } },
      'CANCELLED, but its goods are reserved',
    ],
    [
      'a completed order without its parcel',
      servicesAgree,
      { ...completed, shipment: null },
      'COMPLETED, but its shipment is absent',
    ],
    [
      'other goods than were ordered',
      servicesAgree,
      {
        ...completed,
        reservation: { ...completed.reservation!, lines: [{ sku: 'kettle', quantity: 2 }] },
      },
      'other goods than ordered',
    ],
    [
      'money that a cancelled order keeps',
      servicesAgree,
      { ...cancelled, postings: cancelled.postings.slice(0, 2) },
      'cents of it are on the account',
    ],
    [
      'a reservation of an order that does not exist',
      servicesAgree,
      { ...completed, order: null },
      'there is no such order',
    ],
    [
      'a step that was done and never undone',
      undoneOnceAndForGood,
      {
        ...cancelled,
        barriers: cancelled.barriers.map(row =>
          row.operation === 'inventory.reserve' ? { ...row, state: 'answered' } : row,
        ),
      },
      'inventory.reserve was done and never undone',
    ],
    [
      'a do that takes effect after its undo',
      undoneOnceAndForGood,
      {
        ...cancelled,
        messages: [...cancelled.messages, message(answerTo('inventory.reserve'), { attempt: 2 })],
      },
      'done after its undo',
    ],
    [
      'a second hold at the gateway',
      nobodyPaysTwice,
      {
        ...completed,
        journal: [...completed.journal, entry('hold', 'payment.authorize:2', 'hold_2', 'tok_visa')],
      },
      'holds its amount 2 times',
    ],
    [
      'a capture of more than the amount',
      nobodyPaysTwice,
      { ...completed, postings: [...completed.postings, completed.postings[1]!] },
      '2000 of 1000 cents were captured',
    ],
    [
      'a hold that nobody gave up',
      nobodyPaysTwice,
      { ...completed, journal: completed.journal.filter(({ operation }) => operation !== 'capture') },
      'captured or voided 0 times',
    ],
    [
      'a label that we do not know',
      nobodyPaysTwice,
      { ...completed, shipment: { ...completed.shipment!, trackingNumber: 'track_2' } },
      'the carrier track_1',
    ],
    [
      'a slot that a cancelled order keeps',
      slotsMatchShipments,
      { ...cancelled, slotIds: [7] },
      'but it has 7',
    ],
    [
      'a step that was asked for too early',
      movesAreDeclared,
      { ...completed, messages: without(completed, answerTo('shipping.book')) },
      'before book shipment was done',
    ],
    [
      'an undo after the pivot',
      movesAreDeclared,
      { ...completed, messages: [...completed.messages, message('inventory.release')] },
      'was undone, while',
    ],
    [
      'a command that is lost',
      commandsAreTheSagas,
      { ...completed, messages: without(completed, 'payment.capture') },
      'its saga sent payment.capture 1 times, on the topic are attempts none',
    ],
    [
      'a command that no saga sent',
      commandsAreTheSagas,
      { ...completed, messages: [...completed.messages, message('payment.capture')] },
      'attempts 1, 1',
    ],
    [
      'an order that was started twice',
      commandsAreTheSagas,
      { ...completed, messages: [...completed.messages, message('orchestrator.start')] },
      '2 messages start its flow',
    ],
    [
      'a command that was answered twice',
      answersAreTheBarriers,
      { ...completed, messages: [...completed.messages, message(answerTo('inventory.reserve'))] },
      'sent 1 times and answered 2 times',
    ],
    [
      'a command that was never answered',
      answersAreTheBarriers,
      { ...completed, messages: without(completed, answerTo('order.complete')) },
      'order.complete was never answered',
    ],
    [
      'an answer that no barrier knows',
      answersAreTheBarriers,
      { ...completed, barriers: [] },
      'its barrier is absent',
    ],
    [
      'two definite answers that contradict each other',
      answersAreTheBarriers,
      {
        ...completed,
        messages: [
          ...completed.messages,
          message('inventory.reserve', { attempt: 2 }),
          message(answerTo('inventory.reserve'), { attempt: 2, outcome: 'rejected' }),
        ],
      },
      'as done and as rejected',
    ],
    [
      'a message that overtook an earlier one',
      orderPerKey,
      { ...completed, messages: [...completed.messages, message('order.complete', { sentAt: 0 })] },
      'which was sent later',
    ],
    [
      'an order on two partitions of a topic',
      orderPerKey,
      { ...completed, messages: [...completed.messages, message('order.complete', { lane: 2 })] },
      'is on partition 2',
    ],
    [
      'a branch that does otherwise than it was decided',
      decisionsAreOne,
      {
        ...prepared,
        branches: prepared.branches.map(row =>
          row.participant === 'payment' ? { ...row, state: 'rolled-back', marker: null } : row,
        ),
      },
      'it is committed, and the branch of payment is rolled-back; it is committed, and the transaction of payment',
    ],
    [
      'participants of a parked order that have decided differently',
      decisionsAreOne,
      forcedApart,
      'committed by payment, the coordinator, and rolled back by inventory, shipping; inventory: DECISION_CONTRADICTED',
    ],
    [
      'a transaction that is committed beside one that is blocked, whatever their branches say yet',
      decisionsAreOne,
      {
        ...undecided,
        branches: branchesOf({
          inventory: { state: 'committing', marker: 'committed' },
          shipping: { state: 'rolling-back', marker: 'blocked' },
        }),
      },
      'committed by inventory, and rolled back by shipping',
    ],
    [
      'a branch whose transaction is committed, and that says it was rolled back',
      decisionsAreOne,
      { ...undecided, branches: branchesOf({ payment: { state: 'rolled-back', marker: 'committed' } }) },
      'committed by payment, and rolled back by payment',
    ],
    [
      'a branch that is rolled back while its coordinator commits',
      decisionsAreOne,
      { ...forcedApart, branches: branchesOf({ shipping: { state: 'rolled-back' } }) },
      'committed by the coordinator, and rolled back by shipping',
    ],
    [
      'a commit that nobody here voted for',
      decisionsAreOne,
      { ...undecided, branches: branchesOf({ shipping: { alarm: 'COMMITTED_WITHOUT_VOTE' } }) },
      'shipping: COMMITTED_WITHOUT_VOTE',
    ],
    [
      'branches of an order under way that are told different decisions',
      decisionsAreOne,
      {
        ...underWay(tried, { kind: 'preparing', branches: [] }),
        messages: [message('inventory.commit'), message('shipping.cancel')],
      },
      'inventory.commit was sent, and so was shipping.cancel',
    ],
    [
      'a branch that is told both',
      decisionsAreOne,
      { ...prepared, messages: [...prepared.messages, message('payment.roll-branch-back')] },
      'it is committed, and payment was sent payment.roll-branch-back',
    ],
    [
      'a branch that somebody has to look at',
      decisionsAreOne,
      { ...prepared, branches: [{ ...prepared.branches[0]!, alarm: 'DECISION_CONTRADICTED' }] },
      'order: DECISION_CONTRADICTED',
    ],
    [
      'a commit of somebody who never said yes',
      decisionsAreOne,
      { ...tried, messages: without(tried, answerTo('inventory.reserve')) },
      'inventory was told to commit, and never said yes',
    ],
    [
      'a try that was never cancelled',
      undoneOnceAndForGood,
      {
        ...untried,
        saga: {
          ...untried.saga!,
          state: {
            ...(untried.saga!.state as Aborted),
            branches: [{ name: 'inventory', prepare: { is: 'yes', attempts: 1, reply: {} } }],
          },
        },
      },
      'inventory may have happened (yes), and its undo is not sent',
    ],
    [
      'an event that nobody announced',
      eventsAreHeard,
      {
        ...reacted,
        messages: [...reacted.messages, message('payment.voided', { outcome: null })],
      },
      'payment.voided was announced, and payment.void is not begun',
    ],
    [
      'an event that was announced twice',
      eventsAreHeard,
      {
        ...reacted,
        messages: [...reacted.messages, message('payment.captured', { outcome: null })],
      },
      'payment.captured was announced 2 times',
    ],
    [
      'an event that got lost on its way to one of its readers',
      eventsAreHeard,
      {
        ...reacted,
        reactions: reacted.reactions.map(row =>
          row.participant === 'shipping'
            ? { ...row, facts: row.facts.filter(({ event }) => event !== 'payment.captured') }
            : row,
        ),
      },
      'shipping has not heard payment.captured',
    ],
  ];

  test.each(broken)('%s', (_, rule, dossier, complaint) => {
    expect(complaints(rule, dossier).join('; ')).toContain(complaint);
  });
});

describe('an order that has not ended yet', () => {
  test('is looked at for what no end can change', () => expect(decisionsAreOne.seesUnended).toBe(true));

  test.each<[what: string, dossier: Dossier]>([
    ['is undecided', undecided],
    ['has no coordinator yet', { ...undecided, saga: null, branches: [] }],
    [
      'is decided, and carried out by some',
      {
        ...forcedApart,
        branches: branchesOf({
          payment: { state: 'committed', marker: 'committed' },
          shipping: { state: 'committing' },
        }),
        messages: [message('payment.commit-branch')],
      },
    ],
    [
      'was refused by one, and is rolled back by others',
      {
        ...undecided,
        branches: branchesOf({
          shipping: { state: 'rolled-back' },
          payment: { state: 'rolling-back', marker: 'blocked' },
        }),
      },
    ],
    [
      'has a prepared transaction that its branch knows nothing of yet',
      { ...undecided, branches: branchesOf({ payment: { alarm: 'PREPARED_BUT_UNREGISTERED' } }) },
    ],
  ])('is not accused while it %s', (_, dossier) => expect(complaints(decisionsAreOne, dossier)).toEqual([]));
});

test.each(Object.values(orderOperatorCommands).map(({ type }) => type))(
  '%s, which requests send beside each other, may stand behind what was sent later',
  type => {
    const [earlier, later] = [
      message(type, { source: '/order' }),
      message('order.operator-cancel', { source: '/order' }),
    ];
    expect(complaints(orderPerKey, { ...reacted, messages: [later, earlier] })).toEqual([]);
  },
);

test('a double of a record is no second message', () => {
  const doubled = completed.messages.map(found => ({ ...found, copies: 2 }));
  for (const rule of rules) {
    if (applies(rule, 'orchestrated'))
      expect(complaints(rule, { ...completed, messages: doubled })).toEqual([]);
  }
});

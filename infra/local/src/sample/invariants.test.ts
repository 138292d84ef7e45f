import type { AuthorizationView, OrderView, Posting, SagaView, ShipmentView } from '@ballast/contracts';
import { expect, test } from 'vitest';
import { sampleCases, sampleShop, type SampleCase } from './cases.js';
import { isAsExpected, judge, type Accounts } from './invariants.js';
import type { SampleOutcome } from './place.js';

const shop = sampleShop('test', new Date('2026-03-01T12:00:00Z'));
const outcomes = sampleCases(shop).map(asExpected);
const [wallet, card, , , , , changedMind] = outcomes as [
  SampleOutcome,
  SampleOutcome,
  unknown,
  unknown,
  unknown,
  unknown,
  SampleOutcome,
];

test('when every order has ended as it has to, all invariants hold', () => {
  expect(outcomes.every(isAsExpected)).toBe(true);
  expect(broken(outcomes, accounts())).toEqual([]);
});

test.each<[string, (books: Accounts) => Accounts]>([
  ['one unit of stock lost', books => ({ ...books, kettles: { ...books.kettles, available: 95 } })],
  [
    'a unit still reserved',
    books => ({ ...books, kettles: { ...books.kettles, available: 95, reserved: 1 } }),
  ],
  ['goods out of nowhere', books => ({ ...books, lamps: { ...books.lamps, available: 2, delivered: 2 } })],
  ['more shipped than sold', books => ({ ...books, lamps: { ...books.lamps, available: 0, shipped: 1 } })],
])('%s breaks the stock', (_, spoil) => {
  expect(broken(outcomes, spoil(accounts()))).toEqual([expect.stringContaining('stock')]);
});

test('a ledger that is a cent off 0, or off the wallets, is broken', () => {
  const { ledger } = accounts();
  const of = (change: Partial<Accounts['ledger']>) =>
    broken(outcomes, { ...accounts(), ledger: { ...ledger, ...change } });
  expect(of({ sumCents: 1 })).toEqual([expect.stringContaining('ledger')]);
  expect(of({ walletsCents: ledger.walletsCents - 1 })).toEqual([expect.stringContaining('ledger')]);
});

test('a wallet that is a cent off is broken', () => {
  const { alice } = accounts();
  const books = { ...accounts(), alice: { ...alice, balanceCents: alice.balanceCents + 1 } };
  expect(broken(outcomes, books)).toEqual([expect.stringContaining("alice's wallet")]);
});

test.each<[string, string, Posting[]]>([
  ['a completed order that was paid twice', wallet.order.id, [...paid(wallet), ...paid(wallet)]],
  ['a cancelled order that was paid', changedMind.order.id, paid(changedMind)],
  ['a completed order whose money is still in escrow', card.order.id, held(card)],
])('%s is found', (_, id, postings) => {
  const books = accounts();
  const authorizations = new Map(books.authorizations);
  authorizations.set(id, { ...(authorizations.get(id) as AuthorizationView), postings });
  expect(broken(outcomes, { ...books, authorizations })).toEqual([expect.stringContaining('paid once')]);
});

test('a completed order that was not dispatched, and a cancelled one that was, are found', () => {
  for (const [{ order }, status] of [
    [wallet, 'BOOKED'],
    [changedMind, 'DISPATCHED'],
  ] as const) {
    const shipments = new Map(accounts().shipments).set(order.id, shipment(order.id, status));
    expect(broken(outcomes, { ...accounts(), shipments })).toEqual([expect.stringContaining('dispatched')]);
  }
});

test('a cancelled order with a step that was not undone is not as expected', () => {
  const forgetful = outcomes.map(outcome =>
    outcome === changedMind
      ? {
          ...outcome,
          saga: { ...outcome.saga, steps: outcome.saga.steps.map(step => ({ ...step, undone: false })) },
        }
      : outcome,
  );
  expect(forgetful.filter(outcome => !isAsExpected(outcome)).map(({ case: { name } }) => name)).toEqual([
    'cancelled-by-customer',
  ]);
  expect(broken(forgetful, accounts())).toEqual([expect.stringContaining('undone')]);
});

test('an order that ended for another reason is not as expected', () => {
  expect(isAsExpected({ ...changedMind, order: { ...changedMind.order, reason: 'DEADLINE' } })).toBe(false);
  expect(isAsExpected({ ...wallet, order: { ...wallet.order, status: 'CANCELLED' } })).toBe(false);
});

const broken = (some: readonly SampleOutcome[], books: Accounts): string[] =>
  judge(some, books)
    .filter(({ holds }) => !holds)
    .map(({ name }) => name);

/** 100 kettles less 4 sold; alice had 100,000 cents and bought for 7,800 from her wallet. */
function accounts(): Accounts {
  const ids = outcomes.map(({ order }) => order.id);
  return {
    kettles: { sku: shop.kettle, available: 96, reserved: 0, shipped: 4, delivered: 100 },
    lamps: { sku: shop.lamp, available: 1, reserved: 0, shipped: 0, delivered: 1 },
    alice: { customerId: shop.alice, balanceCents: 92_200 },
    bob: { customerId: shop.bob, balanceCents: 100 },
    ledger: {
      accounts: [
        { account: 'customers', balanceCents: 92_300 },
        { account: 'escrow', balanceCents: 0 },
        { account: 'merchant', balanceCents: 15_600 },
        { account: 'bank', balanceCents: -107_900 },
      ],
      sumCents: 0,
      walletsCents: 92_300,
    },
    authorizations: new Map(
      ids.map(id => [id, id === wallet.order.id || id === card.order.id ? captured(id) : null]),
    ),
    shipments: new Map(
      ids.map(id => [id, id === wallet.order.id || id === card.order.id ? shipment(id, 'DISPATCHED') : null]),
    ),
  };
}

function captured(orderId: string): AuthorizationView {
  const outcome = outcomes.find(({ order }) => order.id === orderId) as SampleOutcome;
  return {
    orderId,
    status: 'CAPTURED',
    method: outcome.order.payment.kind,
    customerId: outcome.order.customerId,
    amountCents: outcome.order.amountCents,
    postings: paid(outcome),
  };
}

function held({ order: { id: orderId, customerId, amountCents } }: SampleOutcome): Posting[] {
  return [
    { account: `customer:${customerId}`, amountCents: -amountCents, kind: 'authorize', orderId },
    { account: 'escrow', amountCents, kind: 'authorize', orderId },
  ];
}

function paid(outcome: SampleOutcome): Posting[] {
  const { id: orderId, amountCents } = outcome.order;
  return [
    ...held(outcome),
    { account: 'escrow', amountCents: -amountCents, kind: 'capture', orderId },
    { account: 'merchant', amountCents, kind: 'capture', orderId },
  ];
}

const shipment = (orderId: string, status: ShipmentView['status']): ShipmentView => ({
  orderId,
  status,
  zone: shop.zone,
  day: shop.day,
  trackingNumber: null,
});

function asExpected(sample: SampleCase, index: number): SampleOutcome {
  const { customerId, lines, payment, address, protocol } = sample.order;
  const order: OrderView = {
    id: `00000000-0000-7000-8000-00000000000${index}`,
    customerId,
    status: sample.status,
    reason: sample.reason,
    protocol,
    amountCents: lines.reduce((sum, line) => sum + line.quantity * line.unitPriceCents, 0),
    lines,
    payment: { kind: payment.kind },
    address,
    shipOn: shop.day,
    placedAt: '2026-03-01T12:00:00.000Z',
    endedAt: '2026-03-01T12:00:00.100Z',
  };
  return {
    case: sample,
    order,
    saga: sagaOf(order, sample),
    endedAt: Date.parse('2026-03-01T12:00:00.120Z'),
  };
}

function sagaOf({ id, reason, placedAt, endedAt }: OrderView, { status, undone }: SampleCase): SagaView {
  return {
    id,
    protocol: 'orchestrated',
    definition: 'place-order',
    version: 1,
    state: status === 'COMPLETED' ? 'completed' : 'compensated',
    reason,
    steps: undone.map(name => ({ name, state: 'done', attempts: 1, undone: true })),
    startedAt: placedAt,
    endedAt,
  };
}

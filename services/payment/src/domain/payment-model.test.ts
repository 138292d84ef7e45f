import type { Decision, OutsideAnswer } from '@ballast/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  authorizationAnswered,
  authorize,
  capture,
  captureAnswered,
  voidAnswered,
  voidAuthorization,
  walletsOf,
  type Authorization,
  type AuthorizationStatus,
  type Payment,
  type PaymentState,
} from './authorization.js';
import type { CardCall } from './card-calls.js';
import type { Posting, Wallet } from './ledger.js';

/** What may follow on what; `transport.md` gives the states, everything else would be a bug. */
const graph: Record<AuthorizationStatus | 'none', readonly AuthorizationStatus[]> = {
  none: ['authorizing', 'held', 'declined', 'voided'],
  authorizing: ['held', 'declined'],
  held: ['capturing', 'captured', 'voiding', 'voided'],
  capturing: ['captured', 'held'],
  voiding: ['voided'],
  captured: [],
  voided: [],
  declined: [],
};

test('no sequence of operations makes or loses a cent, overdraws a wallet, charges twice or leaves the graph', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), steps => {
      const shop = new Shop();
      for (const next of steps) {
        shop.take(next);
        shop.check();
      }
      for (const { own } of shop.orders.values()) reached.add(own!.status);
    }),
    { numRuns: 2_000 },
  );
  // The sequences were worth checking only if they came everywhere.
  expect([...reached].sort()).toEqual(
    Object.keys(graph)
      .filter(status => status !== 'none')
      .sort(),
  );
});

const orderId = fc.constantFrom('order-1', 'order-2', 'order-3', 'order-4');
const customerId = fc.constantFrom('alice', 'bob');
const amountCents = fc.integer({ min: 1, max: 1_000 });
const step = fc.oneof(
  fc.record({ do: fc.constant('deposit' as const), customerId, amountCents }),
  fc.record({
    do: fc.constant('authorize' as const),
    orderId,
    payment: fc.record({
      customerId,
      amountCents,
      method: fc.constantFrom({ kind: 'wallet' } as const, { kind: 'card', token: 'tok' } as const),
    }),
  }),
  fc.record({ do: fc.constantFrom('capture' as const, 'void' as const), orderId }),
  fc.record({ do: fc.constant('answer' as const), orderId, accepted: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type AnyDecision = Decision<PaymentState, unknown, string, CardCall>;

interface Order {
  readonly own: Authorization | undefined;
  readonly call: CardCall | null;
}

/** The least that has to stand around the domain: records, one open call per order, and the gateway's own books. */
class Shop {
  readonly orders = new Map<string, Order>();
  readonly wallets = new Map<string, Wallet>();
  readonly ledger: Posting[] = [];
  readonly holds = new Map<string, { amountCents: number; state: 'held' | 'captured' | 'voided' }>();
  depositedCents = 0;

  take(step: Step): void {
    switch (step.do) {
      case 'deposit': {
        const wallet = this.wallets.get(step.customerId) ?? { customerId: step.customerId, balanceCents: 0 };
        const balanceCents = wallet.balanceCents + step.amountCents;
        this.wallets.set(step.customerId, { ...wallet, balanceCents });
        this.depositedCents += step.amountCents;
        return;
      }
      case 'authorize':
        // The barrier decides an authorization once only.
        if (this.order(step.orderId).own !== undefined) return;
        return this.decide('payment.authorize', step.orderId, step.payment, state =>
          authorize(state, step.payment, step),
        );
      case 'capture': {
        const data = { authorizationId: step.orderId };
        return this.decide('payment.capture', step.orderId, data, state => capture(state, data, step));
      }
      case 'void':
        return this.decide('payment.void', step.orderId, {}, state => voidAuthorization(state, {}, step));
      case 'answer':
        return this.answer(step.orderId, step.accepted);
    }
  }

  private answer(id: string, accepted: boolean): void {
    const { call, own } = this.order(id);
    if (call === null) return;
    const about = { orderId: id };
    const answer: OutsideAnswer = accepted
      ? { kind: 'accepted', body: this.gateway(id, call) }
      : { kind: 'refused', code: 'declined' };
    this.orders.set(id, { own, call: null });
    const payment = (own as { payment: Payment }).payment;
    this.decide('payment.answer', id, {}, state => {
      if (call.operation === 'hold') return authorizationAnswered(state, answer, payment, about);
      if (call.operation === 'void') return voidAnswered(state, answer, {}, about);
      return captureAnswered(state, answer, { authorizationId: id }, about);
    });
  }

  private gateway(id: string, call: CardCall): object {
    if (call.operation === 'hold') {
      this.holds.set(`hold-${id}`, { amountCents: call.request.amountCents, state: 'held' });
      return { holdId: `hold-${id}` };
    }
    const hold = this.holds.get(call.request.holdId);
    expect(hold?.state, `the hold that is asked to ${call.operation}`).toBe('held');
    hold!.state = call.operation === 'capture' ? 'captured' : 'voided';
    return { captureId: `capture-${id}` };
  }

  private decide(
    type: string,
    id: string,
    data: unknown,
    decision: (state: PaymentState) => AnyDecision,
  ): void {
    const before = this.order(id);
    const keys = type === 'payment.answer' ? [] : walletsOf({ type, data }, before.own);
    const wallets = keys.flatMap(key => this.wallets.get(key) ?? []);
    const shared = new Map(wallets.map(wallet => [wallet.customerId, wallet]));
    const decided = decision(Object.freeze({ own: before.own, shared, appended: Object.freeze([]) }));
    expect(new Map(wallets.map(wallet => [wallet.customerId, wallet])), 'the argument is unchanged').toEqual(
      shared,
    );
    const state = 'state' in decided ? decided.state : undefined;
    if (state === undefined) return;

    const from = before.own?.status ?? 'none';
    const to = state.own!.status;
    if (state.own !== before.own && from !== to) expect(graph[from]).toContain(to);
    expect(sumOf(state.appended)).toBe(0);
    this.orders.set(id, { own: state.own, call: decided.kind === 'call' ? decided.call : before.call });
    for (const [key, wallet] of state.shared) {
      if (wallet !== shared.get(key))
        expect(keys, 'only wallets that were locked are changed').toContain(key);
      this.wallets.set(key, wallet);
    }
    this.ledger.push(...state.appended);
  }

  check(): void {
    const orders = [...this.orders.values()].flatMap(({ own }) => own ?? []);
    const inEscrow = orders.filter(own => own.status === 'held' && own.hold.at === 'escrow');
    const captured = orders.filter(own => own.status === 'captured');
    const walletCents = [...this.wallets.values()].reduce((sum, wallet) => sum + wallet.balanceCents, 0);
    const paidByCard = [...this.holds.values()].filter(hold => hold.state === 'captured');

    expect(sumOf(this.ledger)).toBe(0);
    expect(Math.min(0, ...[...this.wallets.values()].map(wallet => wallet.balanceCents))).toBe(0);
    expect(this.balanceOf('customer') + this.depositedCents).toBe(walletCents);
    expect(this.balanceOf('escrow')).toBe(amountOf(inEscrow));
    expect(this.balanceOf('merchant')).toBe(amountOf(captured));
    expect(this.balanceOf('bank') + paidByCard.reduce((sum, hold) => sum + hold.amountCents, 0)).toBe(0);
    for (const id of this.orders.keys()) {
      const kinds = this.ledger
        .filter(posting => posting.orderId === id && posting.amountCents > 0)
        .map(({ kind }) => kind);
      expect(new Set(kinds).size, 'money moves once for each reason').toBe(kinds.length);
      expect(kinds.includes('capture') && kinds.includes('void'), 'charged and given back').toBe(false);
    }
  }

  private balanceOf(kind: Posting['account']['kind']): number {
    return sumOf(this.ledger.filter(({ account }) => account.kind === kind));
  }

  private order(id: string): Order {
    return this.orders.get(id) ?? { own: undefined, call: null };
  }
}

const sumOf = (postings: readonly Posting[]): number =>
  postings.reduce((sum, { amountCents }) => sum + amountCents, 0);
const amountOf = (orders: readonly Authorization[]): number =>
  orders.reduce((sum, { payment }) => sum + (payment?.amountCents ?? 0), 0);

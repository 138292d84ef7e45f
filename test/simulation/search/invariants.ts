import { decisionOf, type Instance as CommitInstance } from '@ballast/two-phase';
import { type Instance as SagaInstance, hasEnded as sagaHasEnded } from '@ballast/saga';
import { type Plan, priceCents } from '../world/plan.js';
import { type Node, nodeNames, type State } from '../world/state.js';

/*
 * What has to hold, as shared/design's list of invariants has it: some of it after every single step, the rest when
 * nothing happens any more. Each function returns what is broken, in words; null when nothing is.
 */

/** Statuses may only move along these ways; "none" is no record yet. */
const ways: Readonly<Record<'order' | 'inventory' | 'payment' | 'shipping', readonly string[]>> = {
  order: ['none PENDING', 'PENDING COMPLETED', 'PENDING CANCELLED'],
  inventory: ['none reserved', 'reserved shipped', 'reserved released'],
  payment: [
    'none authorizing',
    'none held',
    'none declined',
    'none voided',
    'authorizing held',
    'authorizing declined',
    // In one transaction with its undo, which was waiting.
    'authorizing voiding',
    'held capturing',
    'held captured',
    'held voiding',
    'held voided',
    'capturing captured',
    'capturing held',
    'capturing voiding',
    'voiding voided',
  ],
  shipping: ['none booked', 'booked cancelled', 'booked dispatching', 'dispatching dispatched'],
};

/** A branch does all of its work at once. */
const waysAtOnce: typeof ways = {
  ...ways,
  inventory: ['none shipped'],
  payment: ['none captured'],
};

/** What one look at a state has to remember for the next: the statuses and the decisions. */
export type Glance = Readonly<Record<string, string>>;

export function glanceAt(state: State, { orders, protocol }: Plan): Glance {
  const glance: Record<string, string> = {};
  for (const { id } of orders) {
    for (const name of services) glance[`${name} ${id}`] = statusOf(state.nodes[name], id);
    if (protocol === 'tcc' || protocol === 'two-phase')
      glance[`decision ${id}`] = decided(state, id) ?? 'none';
  }
  return glance;
}

type Check = (state: State, plan: Plan, before: Glance, after: Glance) => string | null;

const atOnce: Readonly<Record<string, Check>> = {
  'no alarm, nothing thrown': state => state.happened.alarms[0] ?? null,
  'money is neither made nor lost, nor moved twice': moneyBroken,
  'stock is neither made nor lost, and belongs to the orders that have it': stockBroken,
  'a slot has one order': slotsBroken,
  'records move along the declared graph, and no decision changes': (_, plan, before, after) =>
    wayBroken(plan, before, after),
  'no order is paid and cancelled, or ends before it is true': endBroken,
  'no two participants decide differently, or before the decision is stored': branchesBroken,
};

/** What is checked after every step, in words. */
export const checkedAtOnce: readonly string[] = Object.keys(atOnce);

/** After every step. */
export function brokenAtOnce(state: State, plan: Plan, before: Glance, after: Glance): string | null {
  for (const check of checks) {
    const broken = check(state, plan, before, after);
    if (broken !== null) return broken;
  }
  return null;
}

/**
 * When nothing happens any more.
 * @param undisturbed nobody has cancelled, no time has passed and no connection was lost while something was under way
 */
export function brokenInTheEnd(state: State, plan: Plan, undisturbed: boolean): string | null {
  for (const { id, order } of plan.orders) {
    const { status, reason } = (state.nodes.order.own[id] ?? {}) as { status?: string; reason?: string };
    const shown = services.map(name => `${name} ${statusOf(state.nodes[name], id)}`).join(', ');
    if (status !== 'COMPLETED' && status !== 'CANCELLED') return `${id} never ended: ${shown}`;
    const [goods, money, parcel] = ['inventory', 'payment', 'shipping'].map(name =>
      statusOf(state.nodes[name as 'inventory'], id),
    );
    const takesPart = (name: string) => plan.branches?.includes(name) ?? true;
    const good =
      goods === (takesPart('inventory') ? 'shipped' : 'none') &&
      money === (takesPart('payment') ? 'captured' : 'none') &&
      parcel === (takesPart('shipping') ? 'dispatched' : 'none');
    const undone =
      (goods === 'none' || goods === 'released') &&
      ['none', 'voided', 'declined'].includes(money!) &&
      (parcel === 'none' || parcel === 'cancelled');
    if (status === 'COMPLETED' ? !good : !undone) return `${id} is ${status}, but: ${shown}`;
    if (status === 'CANCELLED' && !reason) return `${id} was cancelled without a reason`;
    const card = state.parties.cards[id];
    if (order.payment.kind === 'card' && (status === 'COMPLETED') !== (card === 'captured'))
      return `${id} is ${status}, but its card is ${card}`;
    if (card === 'held') return `the gateway still holds the money of ${id}`;
    const ended = endedEverywhere(state, plan, id, status);
    if (ended !== null) return ended;
    if (undisturbed && status === 'CANCELLED' && nothingStandsAgainst(plan))
      return `${id} was cancelled for nothing: ${reason}`;
  }
  for (const name of nodeNames) {
    const { holds, prepared, calls, outbox } = state.nodes[name];
    if (Object.keys(prepared).length > 0) return `${name} still has ${Object.keys(prepared).join()} prepared`;
    if (Object.keys(holds).length > 0) return `${name} still holds ${Object.keys(holds).join()}`;
    if (Object.values(calls).some(({ answer }) => answer === null)) return `${name} still asks somebody`;
    if (outbox.length > 0) return `${name} has not published everything`;
  }
  return null;
}

/** Everybody agrees, and there is enough of everything. With others beside it, an order may meet their locks. */
function nothingStandsAgainst({ orders, pieces, balanceCents, slots }: Plan): boolean {
  const [{ order, gatewayDeclines }] = orders as [Plan['orders'][number]];
  const { amountCents, payment, customerId, address } = order;
  const paid =
    payment.kind === 'card'
      ? gatewayDeclines === 'nothing'
      : customerId === 'alice' && balanceCents >= amountCents;
  return (
    orders.length === 1 && paid && pieces * priceCents >= amountCents && slots > 0 && address.zone === 'north'
  );
}

const services = ['order', 'inventory', 'payment', 'shipping'] as const;

const statusOf = ({ own }: Node, id: string): string =>
  (own[id] as { status: string } | undefined)?.status ?? 'none';

interface Posting {
  readonly orderId: string;
  readonly kind: string;
  readonly account: { readonly kind: string; readonly customerId?: string };
  readonly amountCents: number;
}

/** 1 and 3: double entry, nothing made or lost, nobody pays twice, and nobody is refunded what was not held. */
function moneyBroken({ nodes: { payment } }: State, { balanceCents, orders }: Plan): string | null {
  const postings = payment.entries as Posting[];
  let [sum, wallet, escrow] = [0, balanceCents, 0];
  const seen = new Set<string>();
  for (const { orderId, kind, account, amountCents } of postings) {
    sum += amountCents;
    if (account.kind === 'customer') wallet += amountCents;
    if (account.kind === 'escrow') escrow += amountCents;
    const once = `${orderId} ${kind} ${account.kind}`;
    if (seen.has(once)) return `money of ${orderId} was moved twice: ${kind}`;
    seen.add(once);
  }
  const { balanceCents: balance } = payment.shared['alice'] as { balanceCents: number };
  if (sum !== 0) return `the ledger's postings add up to ${sum}`;
  if (balance !== wallet) return `the wallet holds ${balance}, and its postings say ${wallet}`;
  if (balance < 0 || escrow < 0) return `the wallet holds ${balance}, escrow ${escrow}`;
  const held = orders.filter(
    ({ id, order }) => order.payment.kind === 'wallet' && statusOf(payment, id) === 'held',
  );
  const heldCents = held.reduce((cents, { order }) => cents + order.amountCents, 0);
  return escrow === heldCents ? null : `escrow holds ${escrow}, and the orders ${heldCents}`;
}

/** 2: nothing made or lost, never negative, and exactly what the orders have is reserved or shipped. */
function stockBroken({ nodes: { inventory } }: State, { pieces, orders }: Plan): string | null {
  const { available, reserved, shipped } = inventory.shared['kettle'] as Record<string, number>;
  if (available! + reserved! + shipped! !== pieces || Math.min(available!, reserved!, shipped!) < 0)
    return `${available} available, ${reserved} reserved and ${shipped} shipped of ${pieces} pieces`;
  const having = (status: string) =>
    orders
      .filter(({ id }) => statusOf(inventory, id) === status)
      .reduce((sum, { order }) => sum + order.amountCents / priceCents, 0);
  if (having('reserved') !== reserved)
    return `${reserved} pieces are reserved, for orders of ${having('reserved')}`;
  return having('shipped') === shipped
    ? null
    : `${shipped} pieces are shipped, for orders of ${having('shipped')}`;
}

/** A slot has one order at most, and every booked order one slot. */
function slotsBroken({ nodes: { shipping } }: State, { slots, orders }: Plan): string | null {
  const [record] = Object.values(shipping.shared) as { free: number[] }[];
  const taken = orders
    .map(({ id }) => shipping.own[id] as { status: string; slotId: number } | undefined)
    .filter(shipment => shipment !== undefined && shipment.status !== 'cancelled')
    .map(shipment => shipment!.slotId);
  const all = [...record!.free, ...taken].sort();
  const whole = Array.from({ length: slots }, (_, index) => index + 1);
  return JSON.stringify(all) === JSON.stringify(whole)
    ? null
    : `slots ${record!.free} are free, ${taken} taken`;
}

/** 6: the declared graph; a terminal state is never left. 9: a decision is never changed. */
function wayBroken({ protocol }: Plan, before: Glance, after: Glance): string | null {
  const allowed = protocol === 'two-phase' ? waysAtOnce : ways;
  for (const [key, to] of Object.entries(after)) {
    const from = before[key] ?? 'none';
    if (from === to) continue;
    const [what, id] = key.split(' ') as ['inventory', string];
    if ((what as string) === 'decision') {
      if (from !== 'none') return `${id} was decided twice: ${from}, then ${to}`;
    } else if (!allowed[what].includes(`${from} ${to}`)) {
      return `${what} went from ${from} to ${to} for ${id}`;
    }
  }
  return null;
}

/** 5, already on the way: an end is never announced before it is true. COMMIT PREPARED is not simultaneous. */
function endBroken(state: State, { orders, protocol }: Plan): string | null {
  for (const { id } of orders) {
    const status = statusOf(state.nodes.order, id);
    const captured = statusOf(state.nodes.payment, id) === 'captured';
    if (status === 'CANCELLED' && captured) return `${id} is cancelled and paid`;
    if (status === 'COMPLETED' && !captured && protocol !== 'two-phase')
      return `${id} is completed and not paid`;
    if (captured && ['released', 'cancelled'].includes(statusOf(state.nodes.inventory, id)))
      return `${id} is paid, and its goods were given back`;
  }
  return null;
}

/** 9: no two participants decide differently, nor otherwise than the coordinator. */
function branchesBroken(state: State, { orders }: Plan): string | null {
  for (const { id } of orders) {
    const kinds = services.map(name => state.nodes[name].branches[id]?.state.kind ?? 'none');
    const committed = services.filter(name => state.nodes[name].markers[id] === 'committed');
    const committing = kinds.some(kind => kind === 'committing' || kind === 'committed');
    if (
      (committed.length > 0 || committing) &&
      kinds.some(kind => kind === 'rolled-back' || kind === 'rolling-back')
    )
      return `the branches of ${id} decided differently: ${kinds.join(', ')}`;
    if (committed.length > 0 && decided(state, id) !== 'commit')
      return `${committed.join()} committed ${id}, and the stored decision is ${decided(state, id) ?? 'none'}`;
  }
  return null;
}

/** What is stored; null as long as nothing is. */
function decided(state: State, id: string): string | null {
  const instance = state.nodes.orchestrator.instances[id] as CommitInstance | undefined;
  return instance === undefined ? null : decisionOf(instance.state);
}

/** 4 and 9: the engines have ended too, and as the order has. */
function endedEverywhere(state: State, { protocol }: Plan, id: string, status: string): string | null {
  const instance = state.nodes.orchestrator.instances[id];
  switch (protocol) {
    case 'orchestrated': {
      const saga = (instance as SagaInstance | undefined)?.state;
      if (saga === undefined || !sagaHasEnded(saga)) return `the saga of ${id} is ${saga?.kind}`;
      return (saga.kind === 'completed') === (status === 'COMPLETED')
        ? null
        : `${id}: ${saga.kind}, ${status}`;
    }
    case 'choreographed': {
      const watch = state.nodes.order.progress[id]?.watch;
      return watch?.state === status.toLowerCase() ? null : `the watcher of ${id} says ${watch?.state}`;
    }
    case 'tcc':
    case 'two-phase': {
      const { kind } = (instance as CommitInstance | undefined)?.state ?? { kind: 'unknown' };
      return kind === (status === 'COMPLETED' ? 'committed' : 'aborted')
        ? null
        : `${id} is ${status}, and ${kind}`;
    }
  }
}

const checks = Object.values(atOnce);

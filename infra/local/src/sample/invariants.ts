import {
  AccountView,
  AuthorizationView,
  LedgerView,
  ShipmentView,
  StockView,
  type Posting,
} from '@ballast/contracts';
import { find, get } from '../http-client.js';
import type { Stack } from '../stack.js';
import {
  aliceDepositedCents,
  bobDepositedCents,
  centsOf,
  kettlesDelivered,
  lampsDelivered,
  type SampleShop,
} from './cases.js';
import type { SampleOutcome } from './place.js';

/** Something that must be so after the sample orders, whatever became of them, and the numbers that say whether it is. */
export interface Invariant {
  readonly name: string;
  readonly holds: boolean;
  readonly evidence: string;
}

/** What the services say about their state when all sample orders have ended. */
export interface Accounts {
  readonly kettles: StockView;
  readonly lamps: StockView;
  readonly alice: AccountView;
  readonly bob: AccountView;
  readonly ledger: LedgerView;
  /** By order; null for an order that did not come that far. */
  readonly authorizations: ReadonlyMap<string, AuthorizationView | null>;
  readonly shipments: ReadonlyMap<string, ShipmentView | null>;
}

export async function readAccounts(
  { urls }: Stack,
  shop: SampleShop,
  outcomes: readonly SampleOutcome[],
): Promise<Accounts> {
  const ids = outcomes.map(({ order }) => order.id);
  const ofEach = async <T>(read: (id: string) => Promise<T>) =>
    new Map(await Promise.all(ids.map(async id => [id, await read(id)] as const)));
  return {
    kettles: await get(`${urls.inventory}/stock/${shop.kettle}`, StockView),
    lamps: await get(`${urls.inventory}/stock/${shop.lamp}`, StockView),
    alice: await get(`${urls.payment}/accounts/${shop.alice}`, AccountView),
    bob: await get(`${urls.payment}/accounts/${shop.bob}`, AccountView),
    ledger: await get(`${urls.payment}/ledger`, LedgerView),
    authorizations: await ofEach(id => find(`${urls.payment}/authorizations/${id}`, AuthorizationView)),
    shipments: await ofEach(id => find(`${urls.shipping}/shipments/${id}`, ShipmentView)),
  };
}

/** Pure: the orders' outcomes against the accounts. */
export function judge(outcomes: readonly SampleOutcome[], accounts: Accounts): Invariant[] {
  return [
    stockBalances('kettles', accounts.kettles, kettlesDelivered, unitsOf(outcomes, accounts.kettles.sku)),
    stockBalances('lamps', accounts.lamps, lampsDelivered, unitsOf(outcomes, accounts.lamps.sku)),
    ledgerBalances(accounts.ledger),
    walletIsRight('alice', accounts.alice, aliceDepositedCents, outcomes),
    walletIsRight('bob', accounts.bob, bobDepositedCents, outcomes),
    paymentsMatch(outcomes, accounts.authorizations),
    shipmentsMatch(outcomes, accounts.shipments),
    compensationsAreDone(outcomes),
  ];
}

function stockBalances(what: string, stock: StockView, delivered: number, ordered: number): Invariant {
  const { available, reserved, shipped } = stock;
  return {
    name: `stock of ${what}: available + reserved + shipped = delivered, and shipped = sold`,
    holds:
      available + reserved + shipped === delivered &&
      stock.delivered === delivered &&
      reserved === 0 &&
      shipped === ordered,
    evidence: `${available} + ${reserved} + ${shipped} = ${available + reserved + shipped}, delivered ${delivered}, sold ${ordered}`,
  };
}

function ledgerBalances({ accounts, sumCents, walletsCents }: LedgerView): Invariant {
  const customersCents = accounts.find(({ account }) => account === 'customers')?.balanceCents ?? 0;
  const terms = accounts.map(({ account, balanceCents }) => `${account} ${balanceCents}`).join(' + ');
  return {
    name: 'the ledger adds up to 0, and the customers in it to the wallets',
    holds: sumCents === 0 && customersCents === walletsCents,
    evidence: `${terms} = ${sumCents} cents; wallets ${walletsCents} cents`,
  };
}

function walletIsRight(
  who: string,
  account: AccountView,
  depositedCents: number,
  outcomes: readonly SampleOutcome[],
): Invariant {
  const spentCents = outcomes
    .filter(isCompleted)
    .filter(({ order }) => order.customerId === account.customerId && order.payment.kind === 'wallet')
    .reduce((sum, outcome) => sum + centsOf(outcome.case), 0);
  return {
    name: `${who}'s wallet holds what was deposited less what was bought`,
    holds: account.balanceCents === depositedCents - spentCents,
    evidence: `${depositedCents} - ${spentCents} = ${depositedCents - spentCents} cents, balance ${account.balanceCents} cents`,
  };
}

/** Completed: the merchant has exactly the amount. Cancelled: every account has back what it gave. */
function paymentsMatch(
  outcomes: readonly SampleOutcome[],
  authorizations: ReadonlyMap<string, AuthorizationView | null>,
): Invariant {
  const wrong = outcomes.filter(outcome => {
    const authorization = authorizations.get(outcome.order.id) ?? null;
    const net = netByAccount(authorization?.postings ?? []);
    if (!isCompleted(outcome))
      return authorization?.status === 'CAPTURED' || [...net.values()].some(isNotZero);
    const amountCents = centsOf(outcome.case);
    return authorization?.status !== 'CAPTURED' || net.get('merchant') !== amountCents || sumOf(net) !== 0;
  });
  return {
    name: 'completed orders are paid once, cancelled ones not at all',
    holds: wrong.length === 0,
    evidence: wrong.length === 0 ? `${outcomes.length} orders` : `not so: ${namesOf(wrong)}`,
  };
}

function shipmentsMatch(
  outcomes: readonly SampleOutcome[],
  shipments: ReadonlyMap<string, ShipmentView | null>,
): Invariant {
  const wrong = outcomes.filter(outcome => {
    const shipment = shipments.get(outcome.order.id) ?? null;
    return isCompleted(outcome)
      ? shipment?.status !== 'DISPATCHED'
      : shipment !== null && shipment.status !== 'CANCELLED';
  });
  return {
    name: 'completed orders are dispatched, cancelled ones not',
    holds: wrong.length === 0,
    evidence: wrong.length === 0 ? `${outcomes.length} orders` : `not so: ${namesOf(wrong)}`,
  };
}

function compensationsAreDone(outcomes: readonly SampleOutcome[]): Invariant {
  const cancelled = outcomes.filter(outcome => !isCompleted(outcome));
  const wrong = cancelled.filter(({ case: { undone }, saga }) => !sameNames(undone, undoneIn(saga)));
  const done = cancelled.map(
    ({ case: { name }, saga }) => `${name}: ${undoneIn(saga).join(', ') || 'nothing'}`,
  );
  return {
    name: 'each cancelled order has undone what it had done',
    holds: wrong.length === 0,
    evidence: done.join('; '),
  };
}

/** The steps whose compensation was answered. */
export const undoneIn = ({ steps }: SampleOutcome['saga']): string[] =>
  steps.filter(({ undone }) => undone).map(({ name }) => name);

/** Whether an order has ended as its case says. */
export const isAsExpected = ({ case: expected, order, saga }: SampleOutcome): boolean =>
  order.status === expected.status &&
  order.reason === expected.reason &&
  sameNames(expected.undone, undoneIn(saga));

const isCompleted = ({ order }: SampleOutcome): boolean => order.status === 'COMPLETED';

const unitsOf = (outcomes: readonly SampleOutcome[], sku: string): number =>
  outcomes
    .filter(isCompleted)
    .flatMap(({ order }) => order.lines)
    .filter(line => line.sku === sku)
    .reduce((sum, { quantity }) => sum + quantity, 0);

function netByAccount(postings: readonly Posting[]): Map<string, number> {
  const net = new Map<string, number>();
  for (const { account, amountCents } of postings) net.set(account, (net.get(account) ?? 0) + amountCents);
  return net;
}

const sumOf = (net: ReadonlyMap<string, number>): number =>
  [...net.values()].reduce((sum, cents) => sum + cents, 0);

const isNotZero = (cents: number): boolean => cents !== 0;

const namesOf = (outcomes: readonly SampleOutcome[]): string =>
  outcomes.map(outcome => outcome.case.name).join(', ');

const sameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every(name => others.includes(name));

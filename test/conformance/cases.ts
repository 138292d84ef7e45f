import type { PlaceOrder, Protocol } from '@ballast/contracts';
import { anOrder } from '../e2e/shop.js';

/** How many names there are of what one order locks and another may wait for. */
export const shelves = 20;

/** An outcome of the business, which every protocol has to come to. */
export interface Case {
  readonly name: string;
  readonly order: Partial<PlaceOrder>;
  readonly reason: string | null;
  /** Protocols under which it can't be, each with the code that the API refuses it with, or why it has no such end. */
  readonly except?: Readonly<Partial<Record<Protocol, { refusedWith: string } | { because: string }>>>;
}

const lines = (sku: string, quantity = 1) => [{ sku, quantity, unitPriceCents: 1_000 }];
const to = (zone: string) => ({ address: { ...anOrder().address, zone } });
const card = (token: string) => ({ payment: { kind: 'card', token } }) as const;
const noCards = { 'two-phase': { refusedWith: 'CARD_NOT_PREPARABLE' } };

const cases: readonly Case[] = [
  { name: 'paid from a wallet', order: {}, reason: null },
  { name: 'paid by card', order: card('tok_visa'), reason: null, except: noCards },
  { name: 'more than there is', order: { lines: lines('lamp', 2) }, reason: 'OUT_OF_STOCK' },
  { name: 'more than the customer has', order: { customerId: 'poor' }, reason: 'INSUFFICIENT_FUNDS' },
  { name: 'by a customer without a wallet', order: { customerId: 'nobody' }, reason: 'UNKNOWN_CUSTOMER' },
  {
    name: 'a card that the bank declines',
    order: card('tok_declined'),
    reason: 'CARD_DECLINED',
    except: noCards,
  },
  { name: 'to where nobody goes', order: to('nowhere'), reason: 'ADDRESS_NOT_SERVED' },
  { name: 'to where the van is full', order: to('full'), reason: 'NO_CAPACITY' },
  {
    name: 'a hold that the bank does not capture',
    order: card('tok_capture_declined'),
    reason: 'CAPTURE_DECLINED',
    except: { ...noCards, tcc: { because: 'a confirm is asked for until it is done: it would be parked' } },
  },
];

/** Those that a protocol has, with what the API refuses them with. */
export const casesUnder = (protocol: Protocol) =>
  cases.flatMap(({ name, order, reason, except = {} }, number) => {
    const exception = except[protocol];
    if (exception !== undefined && 'because' in exception) return [];
    return [{ name, order, reason, number, refusedWith: exception?.refusedWith ?? null }];
  });

/** An order of its own: nobody waits for its goods or its wallet but itself. */
export const orderUnder = (
  protocol: Protocol,
  number: number,
  changes: Partial<PlaceOrder> = {},
): PlaceOrder =>
  anOrder({
    protocol,
    customerId: `customer-${number % shelves}`,
    lines: lines(`article-${number % shelves}`),
    ...changes,
  });

/** The n-th order of a crowd: three in five go through. */
export function anyOrderUnder(protocol: Protocol, number: number): PlaceOrder {
  const byCard = protocol === 'two-phase' ? {} : card('tok_visa');
  const kinds = [{}, byCard, to('nowhere'), {}, { lines: lines('lamp', 2) }];
  return orderUnder(protocol, number, kinds[number % kinds.length]);
}

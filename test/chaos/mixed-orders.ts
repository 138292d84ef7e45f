import type { PlaceOrder, Protocol } from '@ballast/contracts';
import type { Stack } from '@ballast/local';
import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import { OrderClient } from '../load/order-client.js';
import { untilAnswered } from '../load/until-answered.js';

/** What customers do, in the shares in which a list repeats them. */
export type OrderKind = 'wallet' | 'card' | 'declined-card' | 'poor' | 'nowhere';

/** Six in ten go through, four have to be refused, by each participant in turn. */
export const everyKind: readonly OrderKind[] = [
  'wallet',
  'card',
  'nowhere',
  'wallet',
  'poor',
  'card',
  'declined-card',
  'wallet',
  'nowhere',
  'card',
];

const paid = everyKind.filter(isPaid);

/** One in ten has to be refused. */
export const tenthRefused: readonly OrderKind[] = [
  ...paid,
  ...paid.slice(0, 3),
  'nowhere',
  ...paid,
  ...paid.slice(3),
  'declined-card',
];

export const articleCount = 53;
/**
 * Not one of each: what an order under two-phase commit has locked, others have to wait for. Their numbers have no factor in
 * common, so that two orders that share both an article and a customer, and could wait for each other, are far apart.
 */
const skus = Array.from({ length: articleCount }, (_, number) => `article-${number}`);
const customerIds = Array.from({ length: 59 }, (_, number) => `customer-${number}`);
const [poor, zone] = ['poor', 'north'];
const shipOn = new Date().toISOString().slice(0, 10);

function isPaid(kind: OrderKind): boolean {
  return kind === 'wallet' || kind === 'card';
}

/** Goods, money and slots for every order that a run places. */
export async function fillShop({ urls }: Pick<Stack, 'urls'>): Promise<void> {
  await Promise.all([
    ...skus.map(sku => post(`${urls.inventory}/stock/${sku}/deliveries`, { quantity: 1_000_000 })),
    ...customerIds.map(id => post(`${urls.payment}/accounts/${id}/deposits`, { amountCents: 1_000_000_000 })),
    post(`${urls.payment}/accounts/${poor}/deposits`, { amountCents: 1 }),
    post(`${urls.shipping}/zones/${zone}/days/${shipOn}/slots`, { slots: 50_000 }),
  ]);
}

export interface OrderChoice {
  readonly protocol?: Protocol;
  /** Who orders what. */
  readonly number?: number;
  /** The card's. */
  readonly token?: string | undefined;
}

export function anOrder(
  kind: OrderKind,
  { protocol = 'orchestrated', number = 0, token = 'tok_visa' }: OrderChoice = {},
): PlaceOrder {
  const possible = protocol === 'two-phase' ? withoutCard(kind) : kind;
  return {
    customerId: possible === 'poor' ? poor : customerIds[number % customerIds.length]!,
    lines: [{ sku: skus[number % skus.length]!, quantity: 1, unitPriceCents: 1_000 }],
    payment:
      possible === 'card'
        ? { kind: 'card', token }
        : possible === 'declined-card'
          ? { kind: 'card', token: 'tok_declined' }
          : { kind: 'wallet' },
    address: {
      zone: possible === 'nowhere' ? 'nowhere' : zone,
      name: 'A. Customer',
      street: 'Quay 1',
      city: 'Port',
      postalCode: '1000',
    },
    shipOn,
    protocol,
  };
}

/** A card can't be prepared: the order API refuses it. */
function withoutCard(kind: OrderKind): OrderKind {
  return kind === 'card' ? 'wallet' : kind === 'declined-card' ? 'poor' : kind;
}

/** A customer who remembers what the API acknowledged. */
export class Customer {
  readonly acknowledged: string[] = [];
  readonly #client: OrderClient;
  #next = 0;

  /** @param protocols under which orders are placed in turn */
  constructor(
    private readonly stack: Pick<Stack, 'urls'>,
    private readonly protocols: readonly Protocol[] = ['orchestrated'],
  ) {
    this.#client = new OrderClient(stack.urls.order, 8, `customer-${randomUUID()}`);
  }

  /** Places orders of these kinds, in turn under each protocol; insists until they are accepted. */
  async place(count: number, kinds: readonly OrderKind[] = everyKind, token?: string): Promise<string[]> {
    const placed: string[] = [];
    while (placed.length < count) {
      const first = this.#next;
      this.#next += Math.min(100, count - placed.length);
      const orders = Array.from({ length: this.#next - first }, (_, index) =>
        this.#order(first + index, kinds, token),
      );
      // Under the same keys each time: what was placed by a request that nobody answered is not placed again.
      placed.push(...(await untilAnswered(() => this.#client.placeAll(first, orders))));
    }
    this.acknowledged.push(...placed);
    return placed;
  }

  /** Each protocol meets every kind. */
  #order(number: number, kinds: readonly OrderKind[], token: string | undefined): PlaceOrder {
    const { length } = this.protocols;
    const kind = kinds[Math.floor(number / length) % kinds.length]!;
    return anOrder(kind, { protocol: this.protocols[number % length]!, number, token });
  }

  async cancel(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map(id => post(`${this.stack.urls.order}/orders/${id}/cancel`, undefined)));
  }

  /** Waits until all of them have ended. Rejects with those that have not. */
  async awaitEnds(ids: readonly string[], withinMs = 90_000): Promise<void> {
    const open = new Set(ids);
    for (const begun = performance.now(); open.size > 0;) {
      if (performance.now() - begun > withinMs)
        throw new Error(`${open.size} orders have not ended: ${[...open].slice(0, 3).join(', ')}`);
      const some = [...open].slice(0, 1_000);
      for (const { id } of await untilAnswered(() => this.#client.ended(some, 1_000))) open.delete(id);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Posts JSON; rejects for any answer but a good one. */
export async function post(url: string, body: unknown): Promise<void> {
  await send('POST', url, body);
}

export async function send(method: 'POST' | 'PUT' | 'PATCH', url: string, body: unknown): Promise<void> {
  const answer = await request(url, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${method} ${url} answered ${answer.statusCode}: ${text}`);
}

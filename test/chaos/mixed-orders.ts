import type { PlaceOrder } from '@ballast/contracts';
import type { Stack } from '@ballast/local';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { OrderClient } from '../load/order-client.js';

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

const [sku, rich, poor, zone] = ['kettle', 'rich', 'poor', 'north'];
const shipOn = new Date().toISOString().slice(0, 10);

/** Goods, money and slots for every order that a run places. */
export async function fillShop({ urls }: Pick<Stack, 'urls'>): Promise<void> {
  await post(`${urls.inventory}/stock/${sku}/deliveries`, { quantity: 1_000_000 });
  await post(`${urls.payment}/accounts/${rich}/deposits`, { amountCents: 1_000_000_000 });
  await post(`${urls.payment}/accounts/${poor}/deposits`, { amountCents: 1 });
  await post(`${urls.shipping}/zones/${zone}/days/${shipOn}/slots`, { slots: 50_000 });
}

export function anOrder(kind: OrderKind, token = 'tok_visa'): PlaceOrder {
  return {
    customerId: kind === 'poor' ? poor : rich,
    lines: [{ sku, quantity: 1, unitPriceCents: 1_000 }],
    payment:
      kind === 'card'
        ? { kind: 'card', token }
        : kind === 'declined-card'
          ? { kind: 'card', token: 'tok_declined' }
          : { kind: 'wallet' },
    address: {
      zone: kind === 'nowhere' ? 'nowhere' : zone,
      name: 'A. Customer',
      street: 'Quay 1',
      city: 'Port',
      postalCode: '1000',
    },
    shipOn,
    protocol: 'orchestrated',
  };
}

/** A customer who remembers what the API acknowledged. */
export class Customer {
  readonly acknowledged: string[] = [];
  readonly #client: OrderClient;
  #next = 0;

  constructor(private readonly stack: Pick<Stack, 'urls'>) {
    this.#client = new OrderClient(stack.urls.order, 8, `customer-${Date.now()}`);
  }

  /** Places orders of these kinds, one after the other of the list, over and over. */
  async place(count: number, kinds: readonly OrderKind[] = everyKind, token?: string): Promise<string[]> {
    const placed: string[] = [];
    while (placed.length < count) {
      const orders = Array.from({ length: Math.min(100, count - placed.length) }, (_, index) =>
        anOrder(kinds[(placed.length + index) % kinds.length]!, token),
      );
      placed.push(...(await this.#placeUntilAnswered(this.#next, orders)));
      this.#next += orders.length;
    }
    this.acknowledged.push(...placed);
    return placed;
  }

  /** Under the same keys, as long as nobody answers. */
  async #placeUntilAnswered(first: number, orders: readonly PlaceOrder[]): Promise<string[]> {
    for (const begun = performance.now(); ; await sleep(100)) {
      try {
        return await this.#client.placeAll(first, orders);
      } catch (error) {
        if (!isConnectionError(error) || performance.now() - begun > 60_000) throw error;
      }
    }
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
      for (const { id } of await this.#client.ended([...open].slice(0, 1_000), 1_000)) open.delete(id);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

const isConnectionError = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'].includes(String((error as { code?: unknown }).code));

/** Posts JSON; rejects for any answer but a good one. */
export async function post(url: string, body: unknown): Promise<void> {
  await send('POST', url, body);
}

export async function send(method: 'POST' | 'PUT', url: string, body: unknown): Promise<void> {
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

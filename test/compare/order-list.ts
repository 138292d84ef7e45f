import type { PlaceOrder, Protocol } from '@ballast/contracts';
import { randomOf } from '../load/random.js';
import type { Skew } from './arguments.js';

const articles = 200;
const customers = 1_000;
const shipOn = new Date().toISOString().slice(0, 10);
const zone = 'compare';

interface Line {
  readonly article: number;
  readonly quantity: number;
  readonly unitPriceCents: number;
}

interface ListedOrder {
  readonly customer: number;
  readonly lines: readonly Line[];
  readonly kind: 'ordinary' | 'poor' | 'nowhere';
}

/** What has to be on the shelves, in the wallets and in the carrier's vans for a list. */
export interface Supplies {
  readonly stock: ReadonlyMap<string, number>;
  readonly deposits: ReadonlyMap<string, number>;
  readonly slots: { readonly zone: string; readonly day: string; readonly slots: number };
}

/**
 * Orders by wallet, the same ones for the same seed. Each protocol gets a shop of its own to place them in - the same
 * articles, customers and quantities under other names - so that none finds what another has left. Of 20 orders one
 * has no money and one an address that nobody serves; of every tenth article there is too little.
 */
export class OrderList {
  readonly #orders: readonly ListedOrder[];

  constructor({ orders, seed, skew }: { orders: number; seed: number; skew: Skew }) {
    const random = randomOf(seed);
    const article = articlesBy(skew, random);
    this.#orders = Array.from({ length: orders }, (_, number) => ({
      customer: Math.floor(random() * customers),
      lines: Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
        article: article(),
        quantity: 1 + Math.floor(random() * 2),
        unitPriceCents: 100 + Math.floor(random() * 900),
      })),
      kind: number % 20 === 7 ? 'poor' : number % 20 === 13 ? 'nowhere' : 'ordinary',
    }));
  }

  /** @param shop names that nobody else uses begin with it */
  under(protocol: Protocol, shop: string = protocol): PlaceOrder[] {
    return this.#orders.map(({ customer, lines, kind }) => ({
      customerId: kind === 'poor' ? `${shop}-poor` : `${shop}-customer-${customer}`,
      lines: lines.map(({ article, ...line }) => ({ sku: `${shop}-article-${article}`, ...line })),
      payment: { kind: 'wallet' },
      address: {
        zone: kind === 'nowhere' ? `${zone}-nowhere` : zone,
        name: 'A. Customer',
        street: 'Quay 1',
        city: 'Port',
        postalCode: '1000',
      },
      shipOn,
      protocol,
    }));
  }

  suppliesOf(shop: string): Supplies {
    const ordered = new Map<number, number>();
    for (const { article, quantity } of this.#orders.flatMap(({ lines }) => lines))
      ordered.set(article, (ordered.get(article) ?? 0) + quantity);
    return {
      stock: new Map(
        [...ordered].map(([article, pieces]) => [`${shop}-article-${article}`, shelved(article, pieces)]),
      ),
      deposits: new Map([
        [`${shop}-poor`, 1],
        ...this.#orders.map(({ customer }) => [`${shop}-customer-${customer}`, 1_000_000_000] as const),
      ]),
      slots: { zone, day: shipOn, slots: this.#orders.length },
    };
  }
}

/** Of every tenth article there are six pieces in ten. */
const shelved = (article: number, ordered: number): number =>
  article % 10 === 4 ? Math.max(1, Math.floor(ordered * 0.6)) : ordered;

function articlesBy(skew: Skew, random: () => number): () => number {
  if (skew === 'none') return () => Math.floor(random() * articles);
  const weights = Array.from({ length: articles }, (_, rank) => 1 / (rank + 1));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let left = random() * all;
    const found = weights.findIndex(weight => (left -= weight) < 0);
    return found === -1 ? articles - 1 : found;
  };
}

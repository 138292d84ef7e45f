import { stockUnitsMax, type ReservationView, type StockPage, type StockView } from '@ballast/contracts';
import { sqlStateOf, type Queries } from '@ballast/platform';
import { statements } from './statements.js';

export type Delivered =
  | { readonly kind: 'delivered'; readonly stock: StockView; readonly replayed: boolean }
  /** The warehouse would hold more than can be counted. Nothing was stored. */
  | { readonly kind: 'too-much' }
  /** The idempotency key belongs to another delivery. Nothing was stored. */
  | { readonly kind: 'key-reused' };

/** What the API reads of stock and reservations; and deliveries, which are its own. */
export class Articles {
  constructor(private readonly database: Queries) {}

  /**
   * Adds goods, and makes the SKU known with the first. With a key it does so once: later calls with the same arguments
   * get the first one's answer.
   */
  async deliver(sku: string, quantity: number, key: string | null): Promise<Delivered> {
    const before = key === null ? null : await this.#deliveredBefore(sku, quantity, key);
    if (before !== null) return before;
    try {
      const { rows } = await this.database.query<StockView>(
        statements.statement('deliver', [sku, quantity, key, stockUnitsMax]),
      );
      const [stock] = rows;
      return stock === undefined ? { kind: 'too-much' } : { kind: 'delivered', stock, replayed: false };
    } catch (error) {
      // Somebody used the key since it was looked up.
      const meanwhile =
        key !== null && sqlStateOf(error) === uniqueViolation
          ? await this.#deliveredBefore(sku, quantity, key)
          : null;
      if (meanwhile === null) throw error;
      return meanwhile;
    }
  }

  async #deliveredBefore(sku: string, quantity: number, key: string): Promise<Delivered | null> {
    const { rows } = await this.database.query<StockView & { quantity: number }>(
      statements.statement('find-delivery', [key]),
    );
    const [stored] = rows;
    if (stored === undefined) return null;
    const { quantity: storedQuantity, ...stock } = stored;
    if (stock.sku !== sku || storedQuantity !== quantity) return { kind: 'key-reused' };
    return { kind: 'delivered', stock, replayed: true };
  }

  async stock(sku: string): Promise<StockView | undefined> {
    const { rows } = await this.database.query<StockView>(statements.statement('load-stock', [sku]));
    return rows[0];
  }

  /** By SKU, those after `cursor`. */
  async page(limit: number, cursor = ''): Promise<StockPage> {
    // One more than asked for tells whether there is a next page.
    const { rows } = await this.database.query<StockView>(
      statements.statement('list-stock', [cursor, limit + 1]),
    );
    const stock = rows.slice(0, limit);
    return { stock, nextCursor: rows.length > limit ? (stock.at(-1)?.sku ?? null) : null };
  }

  /** Undefined for an order that never reserved anything. */
  async reservation(orderId: string): Promise<ReservationView | undefined> {
    const { rows } = await this.database.query<ReservationView>(
      statements.statement('load-reservation', [orderId]),
    );
    return rows[0];
  }
}

const uniqueViolation = '23505';

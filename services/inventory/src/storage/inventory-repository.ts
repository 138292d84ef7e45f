import type { ParticipantStorage } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import type { Reservation } from '../domain/reservation.js';
import type { Stock } from '../domain/stock.js';
import { statements } from './statements.js';

/** Reservations by order, and stock by SKU. */
export class InventoryRepository implements ParticipantStorage<Reservation, Stock, never> {
  async loadOwn(tx: Queries, orderIds: readonly string[]): Promise<Map<string, Reservation>> {
    const { rows } = await tx.query<Reservation & { order_id: string }>(
      statements.statement('load-reservations', [orderIds]),
    );
    return new Map(
      rows.map(({ order_id, status, warehouse, lines }) => [order_id, { status, warehouse, lines }]),
    );
  }

  async loadShared(
    tx: Queries,
    demand: ReadonlyMap<string, number>,
    locks: 'wait' | 'skip',
  ): Promise<{ found: Map<string, Stock>; locked: ReadonlySet<string> }> {
    const asked = [...demand.keys()];
    if (locks === 'wait') {
      const { rows } = await tx.query<Stock>(statements.statement('lock-stock', [asked]));
      return { found: bySku(rows), locked: nothing };
    }
    // In this order: an article that is delivered for the first time in between is taken for locked, and looked at again.
    const [free, existing] = await Promise.all([
      tx.query<Stock>(statements.statement('lock-free-stock', [asked])),
      tx.query<{ sku: string }>(statements.statement('find-stock', [asked])),
    ]);
    const found = bySku(free.rows);
    const held = existing.rows.map(({ sku }) => sku).filter(sku => !found.has(sku));
    return { found, locked: new Set(held) };
  }

  async save(
    tx: Queries,
    changes: { readonly own: ReadonlyMap<string, Reservation>; readonly shared: ReadonlyMap<string, Stock> },
  ): Promise<void> {
    await Promise.all([
      changes.own.size > 0 && saveReservations(tx, changes.own),
      changes.shared.size > 0 && saveStock(tx, [...changes.shared.values()]),
    ]);
  }
}

const nothing: ReadonlySet<string> = new Set();

const bySku = (rows: readonly Stock[]): Map<string, Stock> => new Map(rows.map(row => [row.sku, row]));

function saveReservations(tx: Queries, own: ReadonlyMap<string, Reservation>) {
  const reservations = [...own.values()];
  return tx.query(
    statements.statement('save-reservations', [
      [...own.keys()],
      reservations.map(({ status }) => status),
      reservations.map(({ warehouse }) => warehouse),
      reservations.map(({ lines }) => JSON.stringify(lines)),
    ]),
  );
}

function saveStock(tx: Queries, articles: readonly Stock[]) {
  return tx.query(
    statements.statement('save-stock', [
      articles.map(({ sku }) => sku),
      articles.map(({ available }) => available),
      articles.map(({ reserved }) => reserved),
      articles.map(({ shipped }) => shipped),
    ]),
  );
}

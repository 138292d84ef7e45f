import { HttpOutbox, type HttpOutboxRow, type OutboxRow } from '@ballast/messaging';
import { type Logger, type Queries, sqlStateOf } from '@ballast/platform';
import { statements } from './statements.js';

/** An order that was accepted at the edge, with everything that is stored for it. */
export interface NewOrder {
  /** UUIDv7. */
  readonly id: string;
  readonly idempotency: { readonly key: string; readonly bodyHash: Buffer } | null;
  readonly customerId: string;
  readonly protocol: string;
  readonly amountCents: number;
  /** JSON: what an OrderView shows besides the columns. */
  readonly details: string;
  /** The message that starts its flow. */
  readonly start: HttpOutboxRow;
}

export type Placed =
  | { readonly kind: 'placed'; readonly id: string }
  /** The same body was placed under the key before: this is its order. */
  | { readonly kind: 'replayed'; readonly id: string }
  /** Another body was placed under the key before. */
  | { readonly kind: 'key-reused' }
  /** Somebody else's transaction holds the key and does not end. */
  | { readonly kind: 'key-in-flight' }
  /** Not stored, or not known to be: `error` says why. */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Stores groups of orders: the order, its idempotency key and its start message in one statement, which is one
 * transaction. The messages of what was committed go to the outbox's sender.
 */
export class OrderBook {
  /** @param database sessions with a `lock_timeout`: it bounds the wait for a key that is in flight elsewhere */
  constructor(
    private readonly database: Queries,
    private readonly outbox: { committed(rows: readonly OutboxRow[]): void },
    private readonly logger: Logger,
  ) {}

  /** The outcomes in the order of the orders. A key that occurs twice is placed by its first occurrence. */
  async place(orders: readonly NewOrder[]): Promise<Placed[]> {
    try {
      return await this.#placeTogether(orders);
    } catch (error) {
      if (sqlStateOf(error) === lockNotAvailable && orders.length === 1) return [{ kind: 'key-in-flight' }];
      if (mayBeOneOrdersFault(error) && orders.length > 1) return await this.#placeOneByOne(orders);
      this.logger.error({ err: error, orders: orders.length }, 'orders could not be stored');
      return orders.map(() => ({ kind: 'failed', error }));
    }
  }

  async #placeTogether(orders: readonly NewOrder[]): Promise<Placed[]> {
    const { rows } = await this.database.query<{ seq: number; key: string }>(
      statements.statement('place-orders', columnsOf(orders)),
    );
    const seqs = new Map(rows.map(({ key, seq }) => [key, seq]));
    this.outbox.committed(committedRows(orders, seqs));
    const met = orders.filter(order => !seqs.has(order.id));
    const before = met.length === 0 ? nothing : await this.#placedBefore(met);
    return orders.map(order =>
      seqs.has(order.id) ? { kind: 'placed', id: order.id } : (before.get(order) ?? missing),
    );
  }

  /** What met its key: a statement of its own, as the first one's snapshot may be older than the order it met. */
  async #placedBefore(met: readonly NewOrder[]): Promise<ReadonlyMap<NewOrder, Placed>> {
    try {
      const { rows } = await this.database.query<{ key: string; id: string; bodyHash: Buffer }>(
        statements.statement('find-keys', [met.map(order => order.idempotency?.key)]),
      );
      const byKey = new Map(rows.map(row => [row.key, row]));
      return new Map(
        met.map(order => {
          const row = order.idempotency === null ? undefined : byKey.get(order.idempotency.key);
          if (row === undefined) return [order, missing];
          const same = order.idempotency?.bodyHash.equals(row.bodyHash) ?? false;
          return [order, same ? { kind: 'replayed', id: row.id } : { kind: 'key-reused' }];
        }),
      );
    } catch (error) {
      // The others of the group are placed: theirs is the first statement's outcome.
      this.logger.error({ err: error, orders: met.length }, 'orders could not be looked up by their keys');
      return new Map(met.map(order => [order, { kind: 'failed', error }]));
    }
  }

  async #placeOneByOne(orders: readonly NewOrder[]): Promise<Placed[]> {
    const outcomes: Placed[] = [];
    for (const order of orders) outcomes.push(...(await this.place([order])));
    return outcomes;
  }
}

const nothing: ReadonlyMap<NewOrder, Placed> = new Map();
const missing: Placed = { kind: 'failed', error: new Error('neither stored nor met under its key') };

function columnsOf(orders: readonly NewOrder[]): unknown[] {
  const [lanes, topics, keys, values] = HttpOutbox.arrays(orders.map(order => order.start));
  return [
    orders.map(order => order.id),
    orders.map(order => order.idempotency?.key ?? null),
    orders.map(order => order.idempotency?.bodyHash ?? null),
    orders.map(order => order.customerId),
    orders.map(order => order.protocol),
    orders.map(order => order.amountCents),
    orders.map(order => order.details).join(recordSeparator),
    lanes,
    topics,
    keys,
    values.join(recordSeparator),
  ];
}

/** U+001E, which JSON text never has: control characters are escaped in it. */
const recordSeparator = '\x1e';

function committedRows(orders: readonly NewOrder[], seqs: ReadonlyMap<string, number>): OutboxRow[] {
  const rows: OutboxRow[] = [];
  for (const order of orders) {
    const seq = seqs.get(order.id);
    if (seq !== undefined) rows.push({ ...order.start, seq });
  }
  return rows;
}

const lockNotAvailable = '55P03';

/**
 * Class 22 (data) and 23 (integrity) are some order's fault, a lock timeout some key's: the others of the group must
 * not suffer for it. Every other error says nothing about an order, and trying one by one would only add load.
 */
function mayBeOneOrdersFault(error: unknown): boolean {
  const state = sqlStateOf(error);
  return (
    state !== undefined && (state.startsWith('22') || state.startsWith('23') || state === lockNotAvailable)
  );
}

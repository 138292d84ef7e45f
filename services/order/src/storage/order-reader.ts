import type { OrderStatus } from '@ballast/contracts';
import type { Queries } from '@ballast/platform';
import { statements } from './statements.js';

/** An order as it is stored. `details` is the JSON object of `lines`, `payment`, `address` and `shipOn`. */
export interface StoredOrder {
  readonly id: string;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly reason: string | null;
  readonly protocol: string;
  readonly amountCents: number;
  readonly details: string;
  readonly placedAt: Date;
  /** The database's time; null while it is pending. */
  readonly endedAt: Date | null;
}

/** How an order ended. */
export interface Ending {
  readonly id: string;
  readonly status: Exclude<OrderStatus, 'PENDING'>;
  readonly reason: string | null;
  readonly endedAt: Date;
}

export interface PageRequest {
  readonly status?: OrderStatus | undefined;
  readonly customerId?: string | undefined;
  readonly limit: number;
  /** The page begins after this order. */
  readonly after?: string | undefined;
}

export interface Page {
  readonly orders: readonly StoredOrder[];
  /** Where the next page begins; undefined when there is none. */
  readonly next: string | undefined;
}

/** What the API shows of the orders. */
export class OrderReader {
  constructor(
    private readonly database: Queries,
    /** How many orders one page looks at; lower in tests only. */
    private readonly stretchMax = 10_000,
  ) {}

  /** The orders in the order of the ids; undefined for one that does not exist. */
  async load(ids: readonly string[]): Promise<(StoredOrder | undefined)[]> {
    const { rows } = await this.database.query<StoredOrder>(statements.statement('load-orders', [ids]));
    const byId = new Map(rows.map(row => [row.id, row]));
    return ids.map(id => byId.get(id));
  }

  /** Those of the orders that have ended. */
  async loadEndings(ids: readonly string[]): Promise<Ending[]> {
    return (await this.database.query<Ending>(statements.statement('load-endings', [ids]))).rows;
  }

  /** Newest first. A page may be shorter than its limit, even empty, and still have a next one. */
  async page({ status, customerId, limit, after = newest }: PageRequest): Promise<Page> {
    const statuses = status === undefined ? everyStatus : [status];
    const common = [after, limit, statuses, this.stretchMax];
    const { rows } = await this.database.query<StoredOrder>(
      customerId === undefined
        ? statements.statement('list-orders', common)
        : statements.statement('list-orders-of-customer', [...common, customerId]),
    );
    const next = rows.length === limit ? rows.at(-1)?.id : await this.#endOfStretch(after, customerId);
    return { orders: rows, next };
  }

  async #endOfStretch(after: string, customerId: string | undefined): Promise<string | undefined> {
    const { rows } = await this.database.query<{ id: string }>(
      customerId === undefined
        ? statements.statement('end-of-stretch', [after, this.stretchMax])
        : statements.statement('end-of-stretch-of-customer', [after, this.stretchMax, customerId]),
    );
    return rows[0]?.id;
  }
}

/** Above every UUIDv7. */
const newest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const everyStatus: readonly OrderStatus[] = ['PENDING', 'COMPLETED', 'CANCELLED'];

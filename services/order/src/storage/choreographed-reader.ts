import type { ChoreographedStatus } from '@ballast/contracts';
import { countParked, type ProgressRow, storedOf, type StoredProgress } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import { statements } from './statements.js';

/** A choreographed order as it is committed, for people to look at. */
export interface FoundOrder extends StoredProgress {
  readonly changedAt: Date;
  /** Why it does not go on by itself; null when it does. */
  readonly parked: string | null;
}

export interface ChoreographedFilter {
  readonly status?: ChoreographedStatus | undefined;
  readonly reason?: string | undefined;
}

export interface FoundPage {
  readonly orders: readonly FoundOrder[];
  /** The next page begins after this order; undefined when there is none. */
  readonly next: string | undefined;
}

/** Looks at choreographed orders from outside their lanes: it reads what is committed, and changes nothing. */
export class ChoreographedReader {
  constructor(
    private readonly database: Queries,
    /** How many orders a page looks at when ended ones are among them; lower in tests only. */
    private readonly stretchMax = 10_000,
  ) {}

  async find(orderId: string): Promise<FoundOrder | undefined> {
    const asked = statements.statement('find-choreographed-order', [orderId]);
    return (await this.database.query<Row>(asked)).rows.map(foundOf)[0];
  }

  /** Newest first. A page may be shorter than its limit, even empty, and still have a next one. */
  async page(
    { status, reason = '' }: ChoreographedFilter,
    limit: number,
    after = newest,
  ): Promise<FoundPage> {
    if (status === 'running' || status === 'parked') {
      const orders = await this.#open(status, reason, limit, after, false);
      return { orders, next: orders.length === limit ? orders.at(-1)?.progress.id : undefined };
    }
    const statuses = status === undefined ? everyStatus : [status];
    const { rows } = await this.database.query<Row>(
      statements.statement('find-choreographed', [after, statuses, reason, limit, this.stretchMax]),
    );
    const orders = rows.map(foundOf);
    const next = orders.length === limit ? orders.at(-1)?.progress.id : await this.#endOfStretch(after);
    return { orders, next };
  }

  /** The oldest of those that match. */
  async pick(status: 'running' | 'parked', reason: string, limit: number): Promise<string[]> {
    return (await this.#open(status, reason, limit, newest, true)).map(({ progress }) => progress.id);
  }

  countParked(): Promise<number> {
    return countParked(this.database);
  }

  async #open(
    status: 'running' | 'parked',
    reason: string,
    limit: number,
    after: string,
    oldestFirst: boolean,
  ) {
    const { rows } = await this.database.query<Row>(
      statements.statement('find-open-choreographed', [
        after,
        status === 'parked',
        reason,
        limit,
        oldestFirst,
      ]),
    );
    return rows.map(foundOf);
  }

  async #endOfStretch(after: string): Promise<string | undefined> {
    const asked = statements.statement('end-of-choreographed-stretch', [after, this.stretchMax]);
    return (await this.database.query<Row>(asked)).rows[0]?.order_id;
  }
}

interface Row extends ProgressRow {
  readonly changed_at: Date;
  readonly parked: string | null;
}

const foundOf = (row: Row): FoundOrder => ({
  ...storedOf(row, 'order'),
  changedAt: row.changed_at,
  parked: row.parked,
});

/** Above every UUIDv7. */
const newest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const everyStatus: readonly ChoreographedStatus[] = ['running', 'parked', 'completed', 'cancelled'];

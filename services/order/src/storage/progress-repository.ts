import type { ParticipantStorage } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import type { OrderProgress } from '../domain/order-progress.js';
import { statements } from './statements.js';

interface ProgressRow {
  readonly id: string;
  readonly status: OrderProgress['status'];
  readonly reason: string | null;
}

/** Orders as the participant sees them. There are no shared records: an order's end concerns nobody else's rows. */
export class ProgressRepository implements ParticipantStorage<OrderProgress, never, never> {
  async loadOwn(tx: Queries, orderIds: readonly string[]): Promise<Map<string, OrderProgress>> {
    const { rows } = await tx.query<ProgressRow>(statements.statement('load-progress', [orderIds]));
    return new Map(rows.map(row => [row.id, progressOf(row)]));
  }

  async loadShared(): Promise<{ found: Map<string, never>; locked: ReadonlySet<string> }> {
    return { found: new Map<string, never>(), locked: new Set() };
  }

  /** Ends the orders, at the database's time. Throws when one has ended in another way since it was loaded. */
  async save(tx: Queries, changes: { readonly own: ReadonlyMap<string, OrderProgress> }): Promise<void> {
    const ended = [...changes.own].filter(([, progress]) => progress.status !== 'PENDING');
    if (ended.length === 0) return;
    const ids = ended.map(([id]) => id);
    const { rowCount } = await tx.query(
      statements.statement('end-orders', [
        ids,
        ended.map(([, progress]) => progress.status),
        ended.map(([, progress]) => (progress.status === 'CANCELLED' ? progress.reason : null)),
      ]),
    );
    if (rowCount !== ended.length) await this.#assertEndedAlready(tx, changes.own, ids);
  }

  /** An operation that is repeated after the order's end changes nothing; anything else breaks the single-writer rule. */
  async #assertEndedAlready(tx: Queries, wanted: ReadonlyMap<string, OrderProgress>, ids: readonly string[]) {
    const stored = await this.loadOwn(tx, ids);
    const wrong = ids.filter(id => stored.get(id)?.status !== wanted.get(id)?.status);
    if (wrong.length > 0) throw new Error(`orders have ended in another way meanwhile: ${wrong.join(', ')}`);
  }
}

function progressOf({ status, reason }: ProgressRow): OrderProgress {
  return status === 'CANCELLED' ? { status, reason: reason ?? '' } : { status };
}

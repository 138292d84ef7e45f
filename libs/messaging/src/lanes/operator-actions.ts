import { type Queries, sqlStateOf } from '@ballast/platform';
import { decode } from '../envelope.js';
import { statements } from '../storage/statements.js';
import type { Lane } from './lane.js';

/** How the loop's memory has to follow what was done. */
export type Done =
  | { readonly kind: 'nothing' }
  /** Somebody else has claimed these lanes. Nothing was done. */
  | { readonly kind: 'fenced'; readonly lanes: ReadonlySet<number> }
  | {
      readonly kind: 'done';
      readonly orders: readonly SettledOrder[];
      /** Timers or outside answers of theirs are to happen again: the claim finds them in the database. */
      readonly toClaim: ReadonlySet<number>;
      readonly letters: number;
    };

export interface SettledOrder {
  readonly lane: number;
  readonly orderId: string;
  /** Another dead letter of the order is open. */
  readonly blocked: boolean;
  /** It has held messages. */
  readonly waiting: boolean;
}

const actionsMax = 500;
const lockNotAvailable = '55P03';

/**
 * Does what operators asked for with dead letters of our lanes, in a transaction of its own: a replayed message goes
 * back to its place among the held ones of its order, and an order without further dead letters waits no longer. The
 * message's inbox mark stays: a retry of a held message never asks the inbox, and a double of it is dropped as before.
 */
export async function doOperatorActions(db: Queries, lanes: ReadonlyMap<number, Lane>): Promise<Done> {
  if (lanes.size === 0) return { kind: 'nothing' };
  const { rows: asked } = await db.query<AskedRow>(
    statements.statement('load-operator-actions', [[...lanes.keys()], actionsMax]),
  );
  if (asked.length === 0) return { kind: 'nothing' };
  const numbers = [...new Set(asked.map(({ lane }) => lane))].sort((a, b) => a - b);
  try {
    await db.query({ text: 'BEGIN' });
    const owned = await db.query<{ lane: number }>(
      statements.statement('lock-lanes', [numbers, numbers.map(lane => lanes.get(lane)!.epoch)]),
    );
    const fenced = new Set(numbers);
    for (const { lane } of owned.rows) fenced.delete(lane);
    if (fenced.size > 0) {
      await db.query({ text: 'ROLLBACK' });
      return { kind: 'fenced', lanes: fenced };
    }
    const orders = await settle(db, asked);
    await db.query({ text: 'COMMIT' });
    const toClaim = asked.filter(row => row.action === 'replay' && !isMessage(row)).map(({ lane }) => lane);
    return { kind: 'done', orders, toClaim: new Set(toClaim), letters: asked.length };
  } catch (error) {
    await db.query({ text: 'ROLLBACK' });
    // A claim is under way: it goes first.
    if (sqlStateOf(error) === lockNotAvailable) return { kind: 'nothing' };
    throw error;
  }
}

/** Follows what was done in the lanes' memory. */
export function rememberSettled(lanes: ReadonlyMap<number, Lane>, orders: readonly SettledOrder[]): void {
  for (const { lane, orderId, blocked, waiting } of orders) {
    if (blocked) continue;
    if (waiting) lanes.get(lane)?.blocked.set(orderId, 'locked');
    else lanes.get(lane)?.blocked.delete(orderId);
  }
}

interface AskedRow {
  readonly id: number;
  readonly action: 'replay' | 'discard';
  readonly lane: number;
  readonly order_id: string | null;
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

async function settle(db: Queries, asked: readonly AskedRow[]): Promise<SettledOrder[]> {
  await db.query(
    statements.statement('settle-dead-letters', [asked.map(({ id }) => id), asked.map(messageOf)]),
  );
  const orders = asked.filter(({ order_id }) => order_id !== null);
  const { rows } = await db.query<{ lane: number; order_id: string; blocked: boolean; waiting: boolean }>(
    statements.statement('release-orders', [
      orders.map(({ lane }) => lane),
      orders.map(({ order_id }) => order_id),
    ]),
  );
  return rows.map(({ order_id, ...row }) => ({ ...row, orderId: order_id }));
}

/** What is put back among the held messages. */
function messageOf(row: AskedRow): string | null {
  return row.action === 'replay' && isMessage(row) ? JSON.stringify(decode(row.key, row.value)) : null;
}

/** A timer and what a process submits to itself have no value. */
const isMessage = ({ value }: AskedRow): boolean => value !== null;

import type { Queries } from '@ballast/platform';
import type { Message } from '../message.js';
import { statements } from '../storage/statements.js';
import type { HeldItem } from './item.js';

/** All held messages of these orders, each order's in its order. */
export async function loadHeld(
  db: Queries,
  orders: readonly { lane: number; orderId: string }[],
): Promise<HeldItem[]> {
  const { rows } = await db.query<{ seq: number; lane: number; order_id: string; message: string }>(
    statements.statement('load-held', [orders.map(({ lane }) => lane), orders.map(({ orderId }) => orderId)]),
  );
  return rows.map(({ seq, lane, order_id, message }) => ({
    from: 'held',
    lane,
    orderId: order_id,
    seq,
    message: JSON.parse(message) as Message,
  }));
}

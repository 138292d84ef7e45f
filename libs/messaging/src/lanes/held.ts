import type { Queries } from '@ballast/platform';
import type { Message } from '../message.js';
import { statements } from '../storage/statements.js';
import type { HeldItem } from './item.js';

/** All held messages of these orders, each order's in its order. */
export async function loadHeld(
  db: Queries,
  orders: readonly { lane: number; orderId: string }[],
): Promise<HeldItem[]> {
  const { rows } = await db.query<HeldRow>(
    statements.statement('load-held', [orders.map(({ lane }) => lane), orders.map(({ orderId }) => orderId)]),
  );
  return rows.map(({ seq, lane, order_id, message, topic, topic_offset, headers, replay_of }) => ({
    from: 'held',
    lane,
    orderId: order_id,
    seq,
    message: JSON.parse(message) as Message,
    origin: { topic, offset: topic_offset, headers, replayOf: replay_of },
  }));
}

interface HeldRow {
  readonly seq: number;
  readonly lane: number;
  readonly order_id: string;
  readonly message: string;
  readonly topic: string | null;
  readonly topic_offset: number | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly replay_of: number | null;
}

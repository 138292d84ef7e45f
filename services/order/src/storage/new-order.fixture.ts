import { laneOf } from '@ballast/messaging';
import { createHash } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import type { NewOrder } from './order-book.js';

/** An order as the desk hands it to the book. */
export function newOrder({
  key,
  body = 'a body',
  customerId = 'alice',
  details = '{"lines":[]}',
}: { key?: string; body?: string; customerId?: string; details?: string } = {}): NewOrder {
  const id = uuid();
  return {
    id,
    idempotency: key === undefined ? null : { key, bodyHash: createHash('sha256').update(body).digest() },
    customerId,
    protocol: 'orchestrated',
    amountCents: 3_900,
    details,
    start: { lane: laneOf(id, 16), topic: 'orchestrator.commands', key: id, value: `{"subject":"${id}"}` },
  };
}

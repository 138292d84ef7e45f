import type { Ending, StoredOrder } from '../storage/order-reader.js';

/*
 * The answers as JSON, written by hand where they are many: what was stored as JSON is not parsed to be printed again.
 */

/** An OrderAccepted. Made of the id alone, so that a replay has the same bytes. */
export const acceptedJson = (id: string): string =>
  `{"id":"${id}","status":"PENDING","href":"${hrefOf(id)}"}`;

export const hrefOf = (id: string): string => `/orders/${id}`;

/** An OrderView. `details` is a JSON object: its members follow ours. */
export function orderJson(order: StoredOrder): string {
  const { id, customerId, status, reason, protocol, amountCents, details, placedAt, endedAt } = order;
  return (
    `{"id":"${id}","customerId":${JSON.stringify(customerId)},"status":"${status}",` +
    `"reason":${JSON.stringify(reason)},"protocol":${JSON.stringify(protocol)},"amountCents":${amountCents},` +
    `"placedAt":"${placedAt.toISOString()}","endedAt":${JSON.stringify(endedAt)},${details.slice(1)}`
  );
}

/** An OrderPage. */
export const pageJson = (orders: readonly StoredOrder[], nextCursor: string | null): string =>
  `{"orders":[${orders.map(orderJson).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;

/** An OrderStatusResult. */
export const endingsJson = (endings: readonly Ending[]): string =>
  JSON.stringify({ ended: endings.map(({ id, status, reason }) => ({ id, status, reason })) });

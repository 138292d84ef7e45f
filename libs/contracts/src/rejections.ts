import { authorizePayment, capturePayment } from './payment.js';
import { reserveStock } from './inventory.js';
import { bookShipment } from './shipping.js';

/**
 * Why an order can end as CANCELLED: what participants reject with, a customer's cancel, a passed deadline, or a
 * participant that did not answer in time; INVALID_INPUT is a bug of whoever started the flow, OPERATOR a force-undo.
 */
export const cancellationReasons = [
  ...reserveStock.rejects,
  ...authorizePayment.rejects,
  ...bookShipment.rejects,
  ...capturePayment.rejects,
  'CANCELLED',
  'DEADLINE',
  'TIMEOUT',
  'INVALID_INPUT',
  'OPERATOR',
] as const;

export type CancellationReason = (typeof cancellationReasons)[number];

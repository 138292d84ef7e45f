import { authorizePayment, capturePayment } from './payment.js';
import { reserveStock } from './inventory.js';
import { bookShipment } from './shipping.js';

/** Why an order can end as CANCELLED: what participants reject with, a customer's cancel, or a passed deadline. */
export const cancellationReasons = [
  ...reserveStock.rejects,
  ...authorizePayment.rejects,
  ...bookShipment.rejects,
  ...capturePayment.rejects,
  'CANCELLED',
  'DEADLINE',
] as const;

export type CancellationReason = (typeof cancellationReasons)[number];

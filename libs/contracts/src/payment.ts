import { z } from 'zod';
import { Failure } from './failure.js';
import { command, event, Nothing } from './message.js';
import { CustomerId, PaymentMethod, PositiveCents, text } from './primitives.js';

export const authorizePayment = command('payment.authorize', {
  data: z.object({ customerId: CustomerId, amountCents: PositiveCents, method: PaymentMethod }),
  reply: z.object({ authorizationId: text(100) }),
  rejects: ['INSUFFICIENT_FUNDS', 'UNKNOWN_CUSTOMER', 'CARD_DECLINED'],
});

export const voidPayment = command('payment.void', { data: Nothing, reply: Nothing });

/** The pivot: from its success on the order goes forward only. */
export const capturePayment = command('payment.capture', {
  data: z.object({ authorizationId: text(100) }),
  reply: z.object({ captureId: text(100) }),
  rejects: ['CAPTURE_DECLINED'],
});

export const paymentAuthorized = event('payment.authorized', authorizePayment.reply);
export const paymentRejected = event('payment.rejected', Failure);
/** The answer to whatever failed: nothing is or will be captured, and the others may undo their parts. */
export const paymentVoided = event('payment.voided', Failure);
export const paymentCaptured = event('payment.captured', capturePayment.reply);
export const captureRejected = event('payment.capture-rejected', Failure);

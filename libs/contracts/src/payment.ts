import { z } from 'zod';
import { command, Nothing } from './message.js';
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

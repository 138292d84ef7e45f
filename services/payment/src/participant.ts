import { authorizePayment, capturePayment, voidPayment } from '@ballast/contracts';
import { on, pivot, undoable, type Participant, type ParticipantStorage } from '@ballast/messaging';
import {
  authorizationAnswered,
  authorize,
  capture,
  captureAnswered,
  voidAnswered,
  voidAuthorization,
  walletsOf,
  type Authorization,
} from './domain/authorization.js';
import type { CardCall } from './domain/card-calls.js';
import type { Posting, Wallet } from './domain/ledger.js';

export type PaymentParticipant = Participant<Authorization, Wallet, Posting, CardCall>;

/** Holds an order's money, gives it back, or takes it: the pivot. */
export const paymentParticipant = (
  storage: ParticipantStorage<Authorization, Wallet, Posting>,
): PaymentParticipant => ({
  name: 'payment',
  storage,
  keys: walletsOf,
  operations: [
    undoable(
      on(authorizePayment, authorize, authorizationAnswered),
      on(voidPayment, voidAuthorization, voidAnswered),
    ),
    pivot(on(capturePayment, capture, captureAnswered)),
  ],
});

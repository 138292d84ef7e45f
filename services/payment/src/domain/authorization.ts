import {
  call,
  Captured,
  done,
  HoldCreated,
  refused,
  rejected,
  wait,
  type authorizePayment,
  type capturePayment,
  type DataOf,
  type Decision,
  type OutsideAnswer,
  type ParticipantState,
  type ReplyOf,
  type voidPayment,
} from '@ballast/contracts';
import { captureCall, holdCall, voidCall, type CardCall } from './card-calls.js';
import {
  bank,
  customer,
  deposit,
  escrow,
  merchant,
  transfer,
  withdraw,
  type Posting,
  type Wallet,
} from './ledger.js';

/**
 * The payment of one order. Void and capture meet here, and only here: whichever comes first decides.
 *
 *     none -> authorizing -> held -> capturing -> captured
 *       \         \           | \        |
 *        \         declined   |  <-------+  (the gateway declined the capture: the money is still held)
 *         +-> voided <- voiding
 *
 * A wallet needs nobody's answer, so that `authorizing`, `capturing` and `voiding` are a card's only.
 */
export type Authorization =
  | { readonly status: 'authorizing'; readonly payment: Payment }
  | { readonly status: 'declined'; readonly payment: Payment; readonly code: CodeOfDecline }
  | { readonly status: 'held'; readonly payment: Payment; readonly hold: Hold }
  | { readonly status: 'capturing' | 'voiding'; readonly payment: Payment; readonly hold: CardHold }
  /** The capture's name at the gateway; null where the money came from escrow. */
  | {
      readonly status: 'captured';
      readonly payment: Payment;
      readonly hold: Hold;
      readonly captureId: string | null;
    }
  /** Without a payment: it was voided before it was asked for, and never will be. */
  | { readonly status: 'voided'; readonly payment: Payment | null; readonly hold: Hold | null };

export type AuthorizationStatus = Authorization['status'];
export type CodeOfDecline = (typeof authorizePayment)['rejects'][number];
export type Payment = DataOf<typeof authorizePayment>;

/** Where the money waits: in our own escrow account, or on the customer's card at the gateway. */
export type Hold = { readonly at: 'escrow' } | CardHold;
export interface CardHold {
  readonly at: 'gateway';
  readonly holdId: string;
}

/** Wallets by customer id: the one that the order names, as far as it has to be changed. */
export type PaymentState = ParticipantState<Authorization, Wallet, Posting>;

interface About {
  readonly orderId: string;
}
type Authorized = Decision<PaymentState, ReplyOf<typeof authorizePayment>, CodeOfDecline, CardCall>;
type Captures = Decision<PaymentState, ReplyOf<typeof capturePayment>, 'CAPTURE_DECLINED', CardCall>;
type Voids = Decision<PaymentState, ReplyOf<typeof voidPayment>, never, CardCall>;

/** Holds the order's amount: a wallet's in escrow, a card's at the gateway. */
export function authorize(state: PaymentState, payment: Payment, { orderId }: About): Authorized {
  // The barrier answers every further attempt from what it has stored.
  if (state.own !== undefined) throw new IllegalTransition(orderId, state.own.status, 'authorizing');
  return payment.method.kind === 'card'
    ? call(
        withOwn(state, { status: 'authorizing', payment }),
        holdCall(payment.method.token, payment.amountCents),
      )
    : authorizeWallet(state, payment, orderId);
}

function authorizeWallet(state: PaymentState, payment: Payment, orderId: string): Authorized {
  const { customerId, amountCents } = payment;
  const wallet = state.shared.get(customerId);
  if (wallet === undefined)
    return declined(state, payment, 'UNKNOWN_CUSTOMER', `${customerId} has no account`);
  const rest = withdraw(wallet, amountCents);
  if (rest === null) {
    const detail = `the wallet holds ${wallet.balanceCents} of ${amountCents} cents`;
    return declined(state, payment, 'INSUFFICIENT_FUNDS', detail);
  }
  const postings = transfer(orderId, 'authorize', customer(customerId), escrow, amountCents);
  const held: Authorization = { status: 'held', payment, hold: { at: 'escrow' } };
  return done(moved(state, held, postings, rest), { authorizationId: orderId });
}

/** The gateway has answered whether it holds the amount. */
export function authorizationAnswered(
  state: PaymentState,
  answer: OutsideAnswer,
  _data: Payment,
  { orderId }: About,
): Authorized {
  const { payment } = expected(state, 'authorizing', orderId);
  if (answer.kind === 'refused')
    return declined(state, payment, 'CARD_DECLINED', answer.detail ?? answer.code);
  const { holdId } = HoldCreated.parse(answer.body);
  return done(withOwn(state, { status: 'held', payment, hold: { at: 'gateway', holdId } }), {
    authorizationId: orderId,
  });
}

/** The pivot: what is held becomes the merchant's. Refused when nothing is held, or no longer. */
export function capture(
  state: PaymentState,
  { authorizationId }: DataOf<typeof capturePayment>,
  { orderId }: About,
): Captures {
  const authorization = state.own;
  if (authorizationId !== orderId)
    return captureDeclined(`the order has no authorization ${authorizationId}`);
  switch (authorization?.status) {
    case undefined:
      return captureDeclined('nothing was authorized');
    case 'declined':
    case 'voiding':
    case 'voided':
      return captureDeclined(`the authorization is ${authorization.status}`);
    case 'authorizing':
    case 'capturing':
      return wait;
    case 'captured':
      return done(state, { captureId: authorization.captureId ?? orderId });
    case 'held': {
      const { payment, hold } = authorization;
      return hold.at === 'gateway'
        ? call(withOwn(state, { status: 'capturing', payment, hold }), captureCall(hold.holdId))
        : captured(state, payment, hold, null, orderId);
    }
  }
}

/** The gateway has answered whether it took the money. If not, it still holds it, for the void to give back. */
export function captureAnswered(
  state: PaymentState,
  answer: OutsideAnswer,
  _data: DataOf<typeof capturePayment>,
  { orderId }: About,
): Captures {
  const { payment, hold } = expected(state, 'capturing', orderId);
  if (answer.kind === 'refused') {
    return {
      ...captureDeclined(answer.detail ?? answer.code),
      state: withOwn(state, { status: 'held', payment, hold }),
    };
  }
  return captured(state, payment, hold, Captured.parse(answer.body).captureId, orderId);
}

/**
 * Gives back what is held, and makes sure that nothing will be held. While the gateway is asked to hold or to take the
 * money it waits for that answer. Refused once the money is the merchant's.
 */
export function voidAuthorization(state: PaymentState, _data: object, { orderId }: About): Voids {
  const authorization = state.own;
  switch (authorization?.status) {
    case undefined:
      return done(withOwn(state, { status: 'voided', payment: null, hold: null }), {});
    case 'declined':
    case 'voided':
      return done(state, {});
    case 'authorizing':
    case 'capturing':
      return wait;
    case 'captured':
      return refused('ALREADY_CAPTURED', 'the money is the merchant’s');
    case 'voiding':
    case 'held': {
      const { payment, hold } = authorization;
      return hold.at === 'gateway'
        ? call(withOwn(state, { status: 'voiding', payment, hold }), voidCall(hold.holdId))
        : refund(state, payment, hold, orderId);
    }
  }
}

/** The gateway has given the hold up. It has no reason to refuse: if it does, it is asked again at the next attempt. */
export function voidAnswered(
  state: PaymentState,
  answer: OutsideAnswer,
  _data: object,
  { orderId }: About,
): Voids {
  const { payment, hold } = expected(state, 'voiding', orderId);
  if (answer.kind === 'refused') return refused('VOID_DECLINED', answer.detail ?? answer.code);
  return done(withOwn(state, { status: 'voided', payment, hold }), {});
}

/** The wallets that a command needs: the payer's to take money, and the one that it came from to give it back. */
export function walletsOf(
  command: { type: string; data: unknown },
  own: Authorization | undefined,
): readonly string[] {
  switch (command.type as (typeof authorizePayment | typeof voidPayment | typeof capturePayment)['type']) {
    case 'payment.authorize': {
      const { method, customerId } = command.data as Payment;
      return method.kind === 'wallet' ? [customerId] : [];
    }
    case 'payment.void':
      return own?.status === 'held' && own.hold.at === 'escrow' ? [own.payment.customerId] : [];
    case 'payment.capture':
      return [];
  }
}

export class IllegalTransition extends Error {
  readonly code = 'BALLAST_ILLEGAL_TRANSITION';

  constructor(
    readonly orderId: string,
    readonly from: AuthorizationStatus | 'none',
    readonly to: string,
  ) {
    super(`the authorization of order ${orderId} is ${from}: it cannot become ${to}`);
    this.name = 'IllegalTransition';
  }
}

function declined(state: PaymentState, payment: Payment, code: CodeOfDecline, detail: string): Authorized {
  return { ...rejected(code, detail), state: withOwn(state, { status: 'declined', payment, code }) };
}

const captureDeclined = (detail: string) => rejected('CAPTURE_DECLINED', detail);

function captured(
  state: PaymentState,
  payment: Payment,
  hold: Hold,
  captureId: string | null,
  orderId: string,
): Captures {
  // What a gateway holds is on the customer's card until now, and never was in our books.
  const from = hold.at === 'escrow' ? escrow : bank;
  const postings = transfer(orderId, 'capture', from, merchant, payment.amountCents);
  return done(moved(state, { status: 'captured', payment, hold, captureId }, postings), {
    captureId: captureId ?? orderId,
  });
}

function refund(state: PaymentState, payment: Payment, hold: Hold, orderId: string): Voids {
  const { customerId, amountCents } = payment;
  const wallet = state.shared.get(customerId);
  if (wallet === undefined)
    throw new Error(`the wallet of ${customerId}, who paid order ${orderId}, was not loaded`);
  const refunded = deposit(wallet, amountCents);
  if (refunded === null) {
    return refused('BALANCE_LIMIT_EXCEEDED', `the wallet holds ${wallet.balanceCents} cents and has no room`);
  }
  const postings = transfer(orderId, 'void', escrow, customer(customerId), amountCents);
  return done(moved(state, { status: 'voided', payment, hold }, postings, refunded), {});
}

function expected<Status extends AuthorizationStatus>(state: PaymentState, status: Status, orderId: string) {
  if (state.own?.status !== status) {
    throw new IllegalTransition(orderId, state.own?.status ?? 'none', `what follows on ${status}`);
  }
  return state.own as Extract<Authorization, { status: Status }>;
}

const withOwn = (state: PaymentState, own: Authorization): PaymentState => ({ ...state, own });

function moved(
  state: PaymentState,
  own: Authorization,
  postings: readonly Posting[],
  wallet?: Wallet,
): PaymentState {
  return {
    own,
    shared: wallet === undefined ? state.shared : new Map(state.shared).set(wallet.customerId, wallet),
    appended: postings,
  };
}

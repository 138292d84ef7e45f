import type { Authorization, CodeOfDecline, Hold, Payment } from '../domain/authorization.js';

/** A row of `payment`, as migrations/001 describes it. */
export interface PaymentRow {
  readonly order_id: string;
  readonly status: Authorization['status'];
  readonly customer_id: string | null;
  readonly amount_cents: number | null;
  readonly card_token: string | null;
  readonly hold_id: string | null;
  readonly capture_id: string | null;
  readonly decline_code: CodeOfDecline | null;
}

export function rowOf(orderId: string, authorization: Authorization): PaymentRow {
  const { status, payment } = authorization;
  const hold = 'hold' in authorization ? authorization.hold : null;
  return {
    order_id: orderId,
    status,
    customer_id: payment?.customerId ?? null,
    amount_cents: payment?.amountCents ?? null,
    card_token: payment?.method.kind === 'card' ? payment.method.token : null,
    hold_id: hold?.at === 'gateway' ? hold.holdId : null,
    capture_id: status === 'captured' ? authorization.captureId : null,
    decline_code: status === 'declined' ? authorization.code : null,
  };
}

/** Throws for a row that no authorization is stored as. */
export function authorizationOf(row: PaymentRow): Authorization {
  const payment = paymentOf(row);
  if (payment === null) {
    if (row.status !== 'voided')
      throw new TypeError(`payment of order ${row.order_id}: ${row.status} without an amount`);
    return { status: 'voided', payment, hold: null };
  }
  switch (row.status) {
    case 'authorizing':
      return { status: row.status, payment };
    case 'declined':
      return { status: row.status, payment, code: given(row, 'decline_code') };
    case 'held':
    case 'voided':
      return { status: row.status, payment, hold: holdOf(row, payment) };
    case 'capturing':
    case 'voiding':
      return { status: row.status, payment, hold: { at: 'gateway', holdId: given(row, 'hold_id') } };
    case 'captured':
      return { status: row.status, payment, hold: holdOf(row, payment), captureId: row.capture_id };
  }
}

function paymentOf({ customer_id, amount_cents, card_token }: PaymentRow): Payment | null {
  if (customer_id === null || amount_cents === null) return null;
  return {
    customerId: customer_id,
    amountCents: amount_cents,
    method: card_token === null ? { kind: 'wallet' } : { kind: 'card', token: card_token },
  };
}

const holdOf = (row: PaymentRow, { method }: Payment): Hold =>
  method.kind === 'wallet' ? { at: 'escrow' } : { at: 'gateway', holdId: given(row, 'hold_id') };

function given<Column extends keyof PaymentRow>(
  row: PaymentRow,
  column: Column,
): NonNullable<PaymentRow[Column]> {
  const value = row[column];
  if (value === null)
    throw new TypeError(`payment of order ${row.order_id}: ${row.status} without ${column}`);
  return value;
}

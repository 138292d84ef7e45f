import type { Authorization, Payment, PaymentState } from './authorization.js';
import type { Wallet } from './ledger.js';

export const about = { orderId: 'order-1' };
export const byWallet: Payment = { customerId: 'alice', amountCents: 300, method: { kind: 'wallet' } };
export const byCard: Payment = { ...byWallet, method: { kind: 'card', token: 'tok-1' } };
export const hold = { at: 'gateway', holdId: 'hold-7' } as const;
export const inEscrow = { at: 'escrow' } as const;

/** Every state that an authorization can be in; a test that concerns all of them runs through this list. */
export const states = {
  none: undefined,
  authorizing: { status: 'authorizing', payment: byCard },
  declined: { status: 'declined', payment: byCard, code: 'CARD_DECLINED' },
  'held in escrow': { status: 'held', payment: byWallet, hold: inEscrow },
  'held at the gateway': { status: 'held', payment: byCard, hold },
  capturing: { status: 'capturing', payment: byCard, hold },
  captured: { status: 'captured', payment: byCard, hold, captureId: 'capture-9' },
  voiding: { status: 'voiding', payment: byCard, hold },
  voided: { status: 'voided', payment: byCard, hold },
  'voided before it was asked for': { status: 'voided', payment: null, hold: null },
} as const satisfies Record<string, Authorization | undefined>;
export type Name = keyof typeof states;
export const others = (...names: Name[]): Name[] =>
  (Object.keys(states) as Name[]).filter(name => !names.includes(name));

export function given(own: Authorization | undefined, ...wallets: Wallet[]): PaymentState {
  return { own, shared: new Map(wallets.map(wallet => [wallet.customerId, wallet])), appended: [] };
}
export const wallet = (balanceCents: number): Wallet => ({ customerId: 'alice', balanceCents });
export const accepted = (body: unknown) => ({ kind: 'accepted', body }) as const;
export const declined = { kind: 'refused', code: 'do_not_honour', detail: 'ask your bank' } as const;

export const moves = (kind: string, from: object, to: object) => [
  { orderId: 'order-1', kind, account: from, amountCents: -300 },
  { orderId: 'order-1', kind, account: to, amountCents: 300 },
];

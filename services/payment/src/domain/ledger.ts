/**
 * Double-entry bookkeeping: money only ever moves from one account to another, in two postings that add up to 0.
 * A customer's account is their wallet; `escrow` holds what is authorized from wallets; `merchant` is the shop's
 * income; `bank` is the world outside, where deposits and card payments come from.
 */
export type Account =
  | { readonly kind: 'customer'; readonly customerId: string }
  | { readonly kind: 'escrow' | 'merchant' | 'bank' };

/** Why money moved. An order's money moves at most once for each of them. */
export type TransferKind = 'authorize' | 'void' | 'capture';

/** One line of the ledger, never changed. A positive amount increases the account's balance. */
export interface Posting {
  readonly orderId: string;
  readonly kind: TransferKind;
  readonly account: Account;
  readonly amountCents: number;
}

export interface Wallet {
  readonly customerId: string;
  /** Never negative. */
  readonly balanceCents: number;
}

/** Beyond it a double stops counting single cents. */
export const balanceCentsMax = Number.MAX_SAFE_INTEGER;

export const escrow: Account = { kind: 'escrow' };
export const merchant: Account = { kind: 'merchant' };
export const bank: Account = { kind: 'bank' };
export const customer = (customerId: string): Account => ({ kind: 'customer', customerId });

/** The two postings of one movement of money; the amount is positive. */
export function transfer(
  orderId: string,
  kind: TransferKind,
  from: Account,
  to: Account,
  amountCents: number,
): readonly [Posting, Posting] {
  if (!Number.isSafeInteger(amountCents) || amountCents <= 0) {
    throw new RangeError(`a transfer of ${amountCents} cents`);
  }
  return [
    { orderId, kind, account: from, amountCents: -amountCents },
    { orderId, kind, account: to, amountCents },
  ];
}

/** The wallet without the amount; null when it does not hold that much. */
export function withdraw(wallet: Wallet, amountCents: number): Wallet | null {
  return wallet.balanceCents < amountCents
    ? null
    : { ...wallet, balanceCents: wallet.balanceCents - amountCents };
}

/** The wallet with the amount; null when it would hold more than can be counted. */
export function deposit(wallet: Wallet, amountCents: number): Wallet | null {
  return wallet.balanceCents > balanceCentsMax - amountCents
    ? null
    : { ...wallet, balanceCents: wallet.balanceCents + amountCents };
}

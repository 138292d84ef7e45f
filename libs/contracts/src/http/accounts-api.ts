import { z } from 'zod';
import { CustomerId, OrderId, PositiveCents } from '../primitives.js';
import { whole } from './query.js';

/** `POST /accounts/{customerId}/deposits`: adds to the wallet; the first deposit opens it. */
export const Deposit = z
  .strictObject({ amountCents: PositiveCents })
  .meta({ id: 'Deposit', example: { amountCents: 100_000 } });
export type Deposit = z.infer<typeof Deposit>;

/** A wallet. Many deposits may make it larger than one amount can be, up to 2^53 - 1. */
export const AccountView = z
  .object({ customerId: CustomerId, balanceCents: z.int().min(0) })
  .meta({ id: 'AccountView' });
export type AccountView = z.infer<typeof AccountView>;

/** `GET /accounts`: by customer id. The cursor is the `nextCursor` of the page before. */
export const AccountsQuery = z
  .strictObject({ limit: whole(1, 200).default(50), cursor: CustomerId.optional() })
  .meta({ id: 'AccountsQuery' });
export type AccountsQuery = z.infer<typeof AccountsQuery>;

export const AccountPage = z
  .object({ accounts: z.array(AccountView), nextCursor: z.string().nullable() })
  .meta({ id: 'AccountPage' });
export type AccountPage = z.infer<typeof AccountPage>;

/** One line of the ledger. The account is `customer:<id>`, `escrow`, `merchant` or `bank`. */
export const Posting = z
  .object({
    account: z.string(),
    amountCents: z.int(),
    kind: z.enum(['deposit', 'authorize', 'void', 'capture']),
    orderId: OrderId.nullable(),
  })
  .meta({ id: 'Posting' });
export type Posting = z.infer<typeof Posting>;

/**
 * `GET /ledger`: the sum of every account's postings, and of all of them: 0, or money was made or lost. `customers` is
 * all wallets together; `walletsCents`, what the wallets themselves say, must be equal to it.
 * Balances beyond 2^53 are rounded to what a JSON number of JavaScript can hold; `sumCents` is always exact.
 */
export const LedgerView = z
  .object({
    accounts: z.array(
      z.object({
        account: z.enum(['customers', 'escrow', 'merchant', 'bank']),
        balanceCents: z.number(),
      }),
    ),
    sumCents: z.number(),
    walletsCents: z.number(),
  })
  .meta({ id: 'LedgerView' });
export type LedgerView = z.infer<typeof LedgerView>;

export const AuthorizationStatus = z
  .enum(['AUTHORIZING', 'HELD', 'CAPTURING', 'CAPTURED', 'VOIDING', 'VOIDED', 'DECLINED'])
  .meta({ id: 'AuthorizationStatus' });
export type AuthorizationStatus = z.infer<typeof AuthorizationStatus>;

/** `GET /authorizations/{orderId}`: the payment of an order, and how its money moved. */
export const AuthorizationView = z
  .object({
    orderId: OrderId,
    status: AuthorizationStatus,
    method: z.enum(['wallet', 'card']),
    customerId: CustomerId,
    amountCents: PositiveCents,
    postings: z.array(Posting),
  })
  .meta({ id: 'AuthorizationView' });
export type AuthorizationView = z.infer<typeof AuthorizationView>;

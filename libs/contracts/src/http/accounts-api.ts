import { z } from 'zod';
import { Cents, CustomerId, OrderId, PositiveCents } from '../primitives.js';

/** `POST /accounts/{customerId}/deposits`: adds to the wallet; the first deposit opens it. */
export const Deposit = z.strictObject({ amountCents: PositiveCents }).meta({ id: 'Deposit' });

export const AccountView = z
  .object({ customerId: CustomerId, balanceCents: Cents })
  .meta({ id: 'AccountView' });
export type AccountView = z.infer<typeof AccountView>;

export const Posting = z
  .object({ account: z.string(), amountCents: z.int(), kind: z.string(), orderId: OrderId.nullable() })
  .meta({ id: 'Posting' });

/** The sum of every account, and of all of them: 0, or money was made or lost. */
export const LedgerView = z
  .object({ accounts: z.array(z.object({ account: z.string(), balanceCents: z.int() })), sumCents: z.int() })
  .meta({ id: 'LedgerView' });

export const AuthorizationView = z
  .object({
    orderId: OrderId,
    status: z.string(),
    method: z.enum(['wallet', 'card']),
    amountCents: PositiveCents,
    postings: z.array(Posting),
  })
  .meta({ id: 'AuthorizationView' });

import type { AccountPage, AccountView, AuthorizationView, LedgerView } from '@ballast/contracts';
import { sqlStateOf, type Queries } from '@ballast/platform';
import { authorizationOf, type PaymentRow } from './payment-rows.js';
import { statements } from './statements.js';

export type Deposited =
  | { readonly kind: 'deposited'; readonly account: AccountView; readonly replayed: boolean }
  /** The wallet would hold more than can be counted. Nothing was stored. */
  | { readonly kind: 'too-much' }
  /** The idempotency key belongs to another deposit. Nothing was stored. */
  | { readonly kind: 'key-reused' };

/** What the API reads of wallets, payments and the ledger; and deposits, which are its own. */
export class Accounts {
  constructor(private readonly database: Queries) {}

  /**
   * Moves money from the bank to a wallet, and opens it if it is the first.
   * With a key it does so once: later calls with the same arguments get the first one's answer.
   */
  async deposit(customerId: string, amountCents: number, key: string | null): Promise<Deposited> {
    const before = key === null ? null : await this.#depositedBefore(customerId, amountCents, key);
    if (before !== null) return before;
    try {
      const { rows } = await this.database.query<{ balance_cents: number }>(
        statements.statement('deposit', [customerId, amountCents, key]),
      );
      const [credited] = rows;
      if (credited === undefined) return { kind: 'too-much' };
      return {
        kind: 'deposited',
        account: { customerId, balanceCents: credited.balance_cents },
        replayed: false,
      };
    } catch (error) {
      // Somebody used the key since it was looked up.
      const meanwhile =
        key !== null && sqlStateOf(error) === uniqueViolation
          ? await this.#depositedBefore(customerId, amountCents, key)
          : null;
      if (meanwhile === null) throw error;
      return meanwhile;
    }
  }

  async #depositedBefore(customerId: string, amountCents: number, key: string): Promise<Deposited | null> {
    const { rows } = await this.database.query<{
      customer_id: string;
      amount_cents: number;
      balance_cents: number;
    }>(statements.statement('find-deposit', [key]));
    const [stored] = rows;
    if (stored === undefined) return null;
    if (stored.customer_id !== customerId || stored.amount_cents !== amountCents)
      return { kind: 'key-reused' };
    return { kind: 'deposited', account: { customerId, balanceCents: stored.balance_cents }, replayed: true };
  }

  async account(customerId: string): Promise<AccountView | undefined> {
    const { rows } = await this.database.query<AccountView>(
      statements.statement('load-account', [customerId]),
    );
    return rows[0];
  }

  /** By customer id, those after `cursor`. */
  async page(limit: number, cursor = ''): Promise<AccountPage> {
    // One more than asked for tells whether there is a next page.
    const { rows } = await this.database.query<AccountView>(
      statements.statement('list-accounts', [cursor, limit + 1]),
    );
    const accounts = rows.slice(0, limit);
    return { accounts, nextCursor: rows.length > limit ? (accounts.at(-1)?.customerId ?? null) : null };
  }

  async ledger(): Promise<LedgerView> {
    type Sums = Record<'customers' | 'escrow' | 'merchant' | 'bank' | 'sum' | 'wallets', string>;
    const { rows } = await this.database.query<Sums>(statements.statement('load-ledger', []));
    const sums = rows[0]!;
    const names = ['customers', 'escrow', 'merchant', 'bank'] as const;
    return {
      accounts: names.map(account => ({ account, balanceCents: Number(sums[account]) })),
      sumCents: Number(sums.sum),
      walletsCents: Number(sums.wallets),
    };
  }

  /** Undefined for an order that never asked for a payment. */
  async authorization(orderId: string): Promise<AuthorizationView | undefined> {
    const { rows } = await this.database.query<PaymentRow & { postings: AuthorizationView['postings'] }>(
      statements.statement('load-authorization', [orderId]),
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const { status, payment } = authorizationOf(row);
    if (payment === null) return undefined;
    return {
      orderId,
      status: status.toUpperCase() as Uppercase<typeof status>,
      method: payment.method.kind,
      customerId: payment.customerId,
      amountCents: payment.amountCents,
      postings: row.postings,
    };
  }
}

const uniqueViolation = '23505';

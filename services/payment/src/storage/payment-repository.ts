import type { ParticipantStorage } from '@ballast/messaging';
import type { Queries } from '@ballast/platform';
import type { Authorization } from '../domain/authorization.js';
import type { Posting, Wallet } from '../domain/ledger.js';
import { authorizationOf, rowOf, type PaymentRow } from './payment-rows.js';
import { statements } from './statements.js';

interface WalletRow {
  readonly customer_id: string;
  readonly balance_cents: number;
}

/** Authorizations by order, wallets by customer, and the ledger that both write. */
export class PaymentRepository implements ParticipantStorage<Authorization, Wallet, Posting> {
  async loadOwn(tx: Queries, orderIds: readonly string[]): Promise<Map<string, Authorization>> {
    const { rows } = await tx.query<PaymentRow>(statements.statement('load-payments', [orderIds]));
    return new Map(rows.map(row => [row.order_id, authorizationOf(row)]));
  }

  async loadShared(
    tx: Queries,
    demand: ReadonlyMap<string, number>,
    locks: 'wait' | 'skip',
  ): Promise<{ found: Map<string, Wallet>; locked: ReadonlySet<string> }> {
    const asked = [...demand.keys()];
    if (locks === 'wait') {
      const { rows } = await tx.query<WalletRow>(statements.statement('lock-wallets', [asked]));
      return { found: walletsOf(rows), locked: nothing };
    }
    // In this order: a wallet that is opened in between is taken for locked, and looked at again.
    const [free, existing] = await Promise.all([
      tx.query<WalletRow>(statements.statement('lock-free-wallets', [asked])),
      tx.query<{ customer_id: string }>(statements.statement('find-wallets', [asked])),
    ]);
    const found = walletsOf(free.rows);
    const held = existing.rows.map(row => row.customer_id).filter(customerId => !found.has(customerId));
    return { found, locked: new Set(held) };
  }

  async save(
    tx: Queries,
    changes: {
      readonly own: ReadonlyMap<string, Authorization>;
      readonly shared: ReadonlyMap<string, Wallet>;
      readonly appended: readonly Posting[];
    },
  ): Promise<void> {
    await Promise.all([
      changes.own.size > 0 && saveAuthorizations(tx, changes.own),
      changes.shared.size > 0 && saveWallets(tx, changes.shared),
      changes.appended.length > 0 && appendPostings(tx, changes.appended),
    ]);
  }
}

const nothing: ReadonlySet<string> = new Set();

const walletsOf = (rows: readonly WalletRow[]): Map<string, Wallet> =>
  new Map(
    rows.map(row => [row.customer_id, { customerId: row.customer_id, balanceCents: row.balance_cents }]),
  );

function saveAuthorizations(tx: Queries, own: ReadonlyMap<string, Authorization>) {
  const rows = [...own].map(([orderId, authorization]) => rowOf(orderId, authorization));
  return tx.query(
    statements.statement('save-payments', [
      rows.map(row => row.order_id),
      rows.map(row => row.status),
      rows.map(row => row.customer_id),
      rows.map(row => row.amount_cents),
      rows.map(row => row.card_token),
      rows.map(row => row.hold_id),
      rows.map(row => row.capture_id),
      rows.map(row => row.decline_code),
    ]),
  );
}

async function saveWallets(tx: Queries, shared: ReadonlyMap<string, Wallet>): Promise<void> {
  const wallets = [...shared.values()];
  const { rowCount } = await tx.query(
    statements.statement('save-wallets', [
      wallets.map(wallet => wallet.customerId),
      wallets.map(wallet => wallet.balanceCents),
    ]),
  );
  // Its postings would stand in the ledger, and the money nowhere.
  if (rowCount !== wallets.length)
    throw new Error(`${wallets.length} wallets were changed, and ${rowCount} saved`);
}

function appendPostings(tx: Queries, postings: readonly Posting[]) {
  return tx.query(
    statements.statement('append-postings', [
      postings.map(posting => posting.orderId),
      postings.map(posting => posting.kind),
      postings.map(posting => posting.account.kind),
      postings.map(({ account }) => (account.kind === 'customer' ? account.customerId : null)),
      postings.map(posting => posting.amountCents),
    ]),
  );
}

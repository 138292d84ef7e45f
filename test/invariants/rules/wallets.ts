import type { Rule } from '../rule.js';

/** Reads payment's wallets and postings. What a customer can spend is what the ledger says that they have. */
export const walletsMatchTheLedger: Rule = {
  name: 'wallets hold what the ledger says',
  needs: ['completed', 'undone'],
  async whole({ databases: { payment } }, notes) {
    const [{ wallets } = { wallets: 0 }] = await payment.rows<{ wallets: number }>(
      'SELECT count(*) AS wallets FROM wallet',
    );
    notes.count('wallets', wallets);
    const wrong = await payment.rows<{ customer: string; balance: number | null; posted: string | null }>(`
      SELECT customer_id AS customer, balance_cents AS balance, posted
      FROM wallet
      FULL JOIN (SELECT customer_id, sum(amount_cents) AS posted FROM posting
                 WHERE account = 'customer' GROUP BY customer_id) AS ledger USING (customer_id)
      WHERE balance_cents IS DISTINCT FROM coalesce(posted, 0)
      ORDER BY customer_id LIMIT 1000`);
    for (const { customer, balance, posted } of wrong) {
      notes.violate(
        null,
        `the wallet of ${customer} holds ${balance ?? 'nothing'}, its postings say ${posted ?? 0}`,
      );
    }
  },
};

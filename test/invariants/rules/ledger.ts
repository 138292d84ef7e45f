import type { Rule } from '../rule.js';

/** Reads payment's postings and totals. Each movement of money is two postings that add up to 0, and so do all of them. */
export const ledgerAddsUp: Rule = {
  name: 'the ledger adds up',
  needs: ['completed', 'undone'],
  async whole({ databases: { payment } }, notes) {
    const [sums] = await payment.rows<Record<string, string>>(`
      SELECT count(*) AS postings, coalesce(sum(amount_cents), 0) AS sum,
             ${accounts.map(name => `coalesce(sum(amount_cents) FILTER (WHERE account = '${name}'), 0) AS ${name}`).join(', ')}
      FROM posting`);
    notes.count('postings', Number(sums!['postings']));
    notes.count('sumCents', Number(sums!['sum']));
    if (Number(sums!['sum']) !== 0)
      notes.violate(null, `all postings add up to ${sums!['sum']} cents, not to 0`);

    const [totals] = await payment.rows<Record<string, string>>(`
      SELECT coalesce(sum(customers_cents), 0) AS customer, coalesce(sum(escrow_cents), 0) AS escrow,
             coalesce(sum(merchant_cents), 0) AS merchant, coalesce(sum(bank_cents), 0) AS bank
      FROM ledger_total`);
    for (const name of accounts) {
      if (Number(sums![name]) === Number(totals![name])) continue;
      notes.violate(null, `the total of ${name} is ${totals![name]} cents, its postings say ${sums![name]}`);
    }

    const uneven = await payment.rows<{ orderId: string; kind: string; sum: string; legs: number }>(`
      SELECT order_id AS "orderId", kind, sum(amount_cents) AS sum, count(*) AS legs
      FROM posting WHERE order_id IS NOT NULL
      GROUP BY order_id, kind HAVING sum(amount_cents) <> 0 OR count(*) <> 2
      ORDER BY order_id LIMIT 1000`);
    for (const { orderId, kind, sum, legs } of uneven) {
      notes.violate(orderId, `its ${kind} has ${legs} postings, which add up to ${sum} cents`);
    }
  },
};

const accounts = ['customer', 'escrow', 'merchant', 'bank'];

import type { Rule } from '../rule.js';

/** Reads the orders' idempotency keys: a key has placed one order. */
export const oneOrderPerKey: Rule = {
  name: 'an idempotency key places one order',
  needs: ['completed'],
  async whole({ databases: { order } }, notes) {
    const [keys] = await order.rows<{ count: number }>(
      'SELECT count(*) AS count FROM orders WHERE idempotency_key IS NOT NULL',
    );
    notes.count('keys', keys!.count);
    const doubled = await order.rows<{ key: string; ids: string[] }>(`
      SELECT idempotency_key AS key, array_agg(id) AS ids FROM orders
      WHERE idempotency_key IS NOT NULL GROUP BY idempotency_key HAVING count(*) > 1 LIMIT 1000`);
    for (const { key, ids } of doubled) notes.violate(ids[0]!, `key ${key} has placed ${ids.join(', ')}`);
  },
};

import type { Rule } from '../rule.js';

/**
 * Reads inventory's stock and reservations. Per SKU, what is available, reserved and shipped is what was delivered, and
 * what is reserved and shipped is what the orders hold and have had.
 */
export const stockAddsUp: Rule = {
  name: 'stock adds up, and is what the orders hold',
  needs: ['completed', 'undone'],
  async whole({ databases: { inventory } }, notes) {
    const [counted] = await inventory.rows<{ skus: number; pieces: string }>(
      'SELECT count(*) AS skus, coalesce(sum(delivered), 0) AS pieces FROM stock',
    );
    notes.count('skus', counted!.skus);
    notes.count('pieces', Number(counted!.pieces));
    const wrong = await inventory.rows<Row>(`
      SELECT sku, available, reserved, shipped, delivered,
             coalesce(held.reserved_pieces, 0) AS "reservedByOrders", coalesce(held.shipped_pieces, 0) AS "shippedToOrders"
      FROM stock
      FULL JOIN (
          SELECT line->>'sku' COLLATE "C" AS sku,
                 sum((line->>'quantity')::bigint) FILTER (WHERE status = 'reserved') AS reserved_pieces,
                 sum((line->>'quantity')::bigint) FILTER (WHERE status = 'shipped') AS shipped_pieces
          FROM reservation, jsonb_array_elements(lines) AS line
          GROUP BY 1
      ) AS held USING (sku)
      WHERE available + reserved + shipped IS DISTINCT FROM delivered
         OR least(available, reserved, shipped) < 0
         OR reserved IS DISTINCT FROM coalesce(held.reserved_pieces, 0)
         OR shipped IS DISTINCT FROM coalesce(held.shipped_pieces, 0)
      ORDER BY sku LIMIT 1000`);
    for (const { sku, available, reserved, shipped, delivered, reservedByOrders, shippedToOrders } of wrong) {
      notes.violate(
        null,
        `${sku}: ${available} available + ${reserved} reserved + ${shipped} shipped of ${delivered} delivered; ` +
          `the orders hold ${reservedByOrders} and were sent ${shippedToOrders}`,
      );
    }
  },
};

interface Row {
  readonly sku: string;
  readonly available: number;
  readonly reserved: number;
  readonly shipped: number;
  readonly delivered: number;
  readonly reservedByOrders: string;
  readonly shippedToOrders: string;
}

-- Newest first: an id (UUIDv7) begins with the time. No more than $4 orders are looked at, so that a status that
-- hardly any order has costs no scan of the table. The customer is a range with itself at both ends: were it equated, the
-- primary key would be in the order that is asked for, too, and be walked past all other customers' orders.
SELECT id, customer_id AS "customerId", status, reason, protocol, amount_cents AS "amountCents", details::text,
       placed_at AS "placedAt", ended_at AS "endedAt"
FROM (
    SELECT *
    FROM orders
    WHERE (customer_id, id) < ($5, $1::uuid) AND customer_id >= $5
    ORDER BY customer_id DESC, id DESC
    LIMIT $4
) AS stretch
WHERE status = ANY ($3::text[])
ORDER BY id DESC
LIMIT $2

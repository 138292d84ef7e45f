-- Newest first: an id (UUIDv7) begins with the time. No more than $4 orders are looked at, so that a status that
-- hardly any order has costs no scan of the table.
SELECT id, customer_id AS "customerId", status, reason, protocol, amount_cents AS "amountCents", details::text,
       placed_at AS "placedAt", ended_at AS "endedAt"
FROM (SELECT * FROM orders WHERE customer_id = $5 AND id < $1::uuid ORDER BY id DESC LIMIT $4) AS stretch
WHERE status = ANY ($3::text[])
ORDER BY id DESC
LIMIT $2

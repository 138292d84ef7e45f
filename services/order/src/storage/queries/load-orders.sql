SELECT id, customer_id AS "customerId", status, reason, protocol, amount_cents AS "amountCents", details::text,
       placed_at AS "placedAt", ended_at AS "endedAt"
FROM orders
WHERE id = ANY ($1::uuid[])

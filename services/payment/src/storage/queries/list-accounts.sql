SELECT customer_id AS "customerId", balance_cents AS "balanceCents"
FROM wallet
WHERE customer_id > $1
ORDER BY customer_id
LIMIT $2

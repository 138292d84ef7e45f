-- The last of the orders that the listing looked at, if it did not come to the oldest.
SELECT id
FROM orders
WHERE (customer_id, id) < ($3, $1::uuid) AND customer_id >= $3
ORDER BY customer_id DESC, id DESC
OFFSET $2 - 1
LIMIT 1

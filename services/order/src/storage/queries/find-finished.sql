-- Orders that no command does anything for any more: they have ended, or never were.
SELECT asked.order_id
FROM unnest($1::uuid[]) AS asked (order_id)
LEFT JOIN LATERAL (SELECT status FROM orders WHERE orders.id = asked.order_id LIMIT 1) AS own ON true
WHERE own.status IS NULL OR own.status <> 'PENDING'

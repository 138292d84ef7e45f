UPDATE orders
SET status = ending.status, reason = ending.reason, ended_at = now()
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS ending (id, status, reason)
WHERE orders.id = ending.id AND orders.status = 'PENDING'

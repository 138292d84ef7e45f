SELECT order_id, lane, due_at
FROM saga_progress
WHERE running AND due_at IS NOT NULL AND lane = ANY ($1::int[])

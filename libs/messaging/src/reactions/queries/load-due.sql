SELECT order_id, lane, due_at
FROM choreographed_order
WHERE open AND due_at IS NOT NULL AND lane = ANY ($1::int[])

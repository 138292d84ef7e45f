SELECT d.order_id, b.lane, d.outcome
FROM branch_decision d
JOIN branch b USING (order_id)
WHERE d.done_at IS NULL AND b.lane = ANY ($1::int[])
ORDER BY d.order_id
LIMIT 100

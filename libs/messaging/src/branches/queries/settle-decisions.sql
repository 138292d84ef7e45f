UPDATE branch_decision d
SET done_at = now(), came_too_late = s.late
FROM unnest($1::uuid[], $2::boolean[]) AS s (order_id, late)
WHERE d.order_id = s.order_id AND d.done_at IS NULL

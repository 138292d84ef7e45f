UPDATE branch_decision
SET contradicted_at = now()
WHERE order_id = ANY ($1::uuid[]) AND done_at IS NOT NULL AND NOT came_too_late AND contradicted_at IS NULL

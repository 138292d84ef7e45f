SELECT order_id, definition, version, started_at, ended_at, state
FROM saga
JOIN saga_progress USING (order_id)
WHERE order_id = $1

-- LATERAL ... LIMIT 1: one look into each index per order, and never a join of whole tables.
SELECT asked.order_id, saga.definition, saga.version, saga.input, saga.deadline_at, saga.started_at,
       saga.traceparent, saga.tracestate, progress.state
FROM unnest($1::uuid[]) AS asked (order_id)
LEFT JOIN LATERAL (SELECT * FROM saga WHERE saga.order_id = asked.order_id LIMIT 1) AS saga ON true
LEFT JOIN LATERAL (
    SELECT state FROM saga_progress WHERE saga_progress.order_id = asked.order_id LIMIT 1
) AS progress ON true
LEFT JOIN LATERAL (
    SELECT true AS found FROM early_cancel WHERE early_cancel.order_id = asked.order_id LIMIT 1
) AS cancelled ON true
WHERE saga.order_id IS NOT NULL OR cancelled.found

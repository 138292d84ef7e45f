-- Of the sagas that have not ended. LATERAL ... LIMIT 1: see load-sagas.sql.
SELECT saga.definition, saga.version, count(*)::int AS running
FROM (SELECT order_id FROM saga_progress WHERE running) AS progress
CROSS JOIN LATERAL (
    SELECT definition, version FROM saga WHERE saga.order_id = progress.order_id LIMIT 1
) AS saga
GROUP BY saga.definition, saga.version
ORDER BY saga.definition, saga.version

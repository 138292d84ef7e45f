-- Of orders that ended before $4 seconds: their idempotency keys, and the wishes to cancel them. The orders stay.
WITH stretch AS MATERIALIZED (
    SELECT id, status, ended_at, idempotency_key
    FROM orders
    WHERE id > $1::uuid AND id < $2::uuid
    ORDER BY id
    LIMIT $3
), finished AS (
    SELECT id, idempotency_key FROM stretch WHERE status <> 'PENDING' AND ended_at < now() - make_interval(secs => $4)
), forgotten AS (
    UPDATE orders SET idempotency_key = NULL, body_hash = NULL
    FROM finished
    WHERE orders.id = finished.id AND finished.idempotency_key IS NOT NULL
), withdrawn AS (
    DELETE FROM cancel_request WHERE order_id IN (SELECT id FROM finished)
)
SELECT (SELECT id FROM stretch ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM stretch)::int AS looked

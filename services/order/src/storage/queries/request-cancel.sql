-- Queues the request of a pending order's first cancel. `status` is null when there is no such order.
WITH asked AS (
    SELECT id, status FROM orders WHERE id = $1::uuid
), fresh AS (
    INSERT INTO cancel_request (order_id)
    SELECT id FROM asked WHERE status = 'PENDING'
    ON CONFLICT DO NOTHING
    RETURNING order_id
), queued AS (
    INSERT INTO outbox (lane, topic, key, value, http)
    SELECT $2::int, $3::text, $4::text, $5::text, true FROM fresh
    RETURNING seq
)
SELECT (SELECT status FROM asked) AS status, (SELECT seq FROM queued) AS seq

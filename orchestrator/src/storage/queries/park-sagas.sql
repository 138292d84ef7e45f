-- Another step may get stuck while the saga is parked: it is parked since the first one.
INSERT INTO parked_saga (order_id, parked_at, reason)
SELECT order_id, $3::timestamptz, reason
FROM unnest($1::uuid[], $2::text[]) AS parked (order_id, reason)
ON CONFLICT (order_id) DO UPDATE SET reason = excluded.reason

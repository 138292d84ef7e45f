INSERT INTO early_cancel (order_id, lane, cancelled_at)
SELECT order_id, lane, $3::timestamptz
FROM unnest($1::uuid[], $2::int[]) AS cancelled (order_id, lane)
ON CONFLICT DO NOTHING

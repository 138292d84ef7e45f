SELECT seq, lane, order_id, message FROM held
WHERE lane = ANY ($1::int[]) AND order_id = ANY ($2::text[])
ORDER BY seq

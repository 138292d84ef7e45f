INSERT INTO reservation (order_id, status, warehouse, lines)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])
ON CONFLICT (order_id) DO UPDATE SET status = excluded.status

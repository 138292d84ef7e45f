-- The rows exist, and are locked by this transaction: it never inserts. Written as an upsert it looks each of them up in
-- the index, whatever the planner believes (see load-reservations.sql).
INSERT INTO stock (sku, available, reserved, shipped, delivered)
SELECT sku, available, reserved, shipped, available + reserved + shipped
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS saved (sku, available, reserved, shipped)
ON CONFLICT (sku) DO UPDATE
SET available = excluded.available, reserved = excluded.reserved, shipped = excluded.shipped

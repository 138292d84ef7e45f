INSERT INTO hold (order_id, lane, branch, definition, ask_at, asked, held_since)
SELECT order_id, lane, branch, definition, ask_at, asked, $7::timestamptz
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::int[])
    AS held (order_id, lane, branch, definition, ask_at, asked)
ON CONFLICT (order_id) DO UPDATE SET ask_at = excluded.ask_at, asked = excluded.asked

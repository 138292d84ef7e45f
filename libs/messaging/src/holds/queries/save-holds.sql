INSERT INTO hold (order_id, lane, branch, definition, ask_at, asked, traceparent, tracestate, held_since)
SELECT order_id, lane, branch, definition, ask_at, asked, traceparent, tracestate, $7::timestamptz
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::int[], $8::text[], $9::text[])
    AS held (order_id, lane, branch, definition, ask_at, asked, traceparent, tracestate)
ON CONFLICT (order_id) DO UPDATE SET ask_at = excluded.ask_at, asked = excluded.asked

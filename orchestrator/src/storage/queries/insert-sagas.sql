INSERT INTO saga (order_id, definition, version, input, deadline_at, started_at, traceparent, tracestate)
SELECT *
FROM unnest(
    $1::uuid[], $2::text[], $3::int[], $4::json[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[]
)

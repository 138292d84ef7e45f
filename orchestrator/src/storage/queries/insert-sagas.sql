-- The inputs come as lines of JSON: see save-progress.sql.
INSERT INTO saga (order_id, definition, version, input, deadline_at, started_at, traceparent, tracestate)
SELECT order_id, definition, version, input::json, deadline_at, $6::timestamptz, traceparent, tracestate
FROM unnest(
    $1::uuid[], $2::text[], $3::int[], string_to_array($4, E'\n'), $5::timestamptz[], $7::text[], $8::text[]
) AS started (order_id, definition, version, input, deadline_at, traceparent, tracestate)

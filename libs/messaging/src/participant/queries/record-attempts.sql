UPDATE outbound_call c
SET attempt = a.attempt, next_at = now() + make_interval(secs => a.delay_ms / 1000)
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::float8[])
    AS a (order_id, operation, round, attempt, delay_ms)
-- See answer-calls.sql.
WHERE c.order_id = a.order_id AND c.operation = a.operation AND c.round = a.round AND c.answer IS NULL

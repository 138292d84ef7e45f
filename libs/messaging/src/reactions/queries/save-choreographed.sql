-- The states come as lines of JSON: text in an array would have each of its quotes escaped.
INSERT INTO choreographed_order (order_id, lane, choreography, version, begun_at, changed_at, deadline_at, due_at, open, parked,
                                 parked_at, traceparent, tracestate, state)
SELECT order_id, lane, choreography, version, begun_at, $14::timestamptz, deadline_at, due_at, open, parked,
       parked_at, traceparent, tracestate, state::json
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
            $8::boolean[], $9::text[], $10::timestamptz[], $11::text[], $12::text[], string_to_array($13, E'\n'))
    AS changed (order_id, lane, choreography, version, begun_at, deadline_at, due_at, open, parked, parked_at, traceparent,
                tracestate, state)
ON CONFLICT (order_id) DO UPDATE
SET changed_at = excluded.changed_at, deadline_at = excluded.deadline_at, due_at = excluded.due_at, open = excluded.open,
    parked = excluded.parked, parked_at = excluded.parked_at, state = excluded.state

-- What never changes and what does, in one statement. JSON comes as lines, in which no line ends: an array's literal would
-- need each of their quotes escaped, which cost a third of a pass.
WITH started AS (
    SELECT *
    FROM unnest($1::uuid[], $2::text[], $3::int[], string_to_array($4, E'\n'), $5::timestamptz[], $6::text[], $7::text[],
                $8::int[], $9::boolean[], $10::timestamptz[], string_to_array($11, E'\n'))
        AS saga (order_id, definition, version, input, deadline_at, traceparent, tracestate, lane, running, due_at, state)
), unchanging AS (
    INSERT INTO saga (order_id, definition, version, input, deadline_at, started_at, traceparent, tracestate)
    SELECT order_id, definition, version, input::json, deadline_at, $12::timestamptz, traceparent, tracestate
    FROM started
)
INSERT INTO saga_progress (order_id, lane, running, due_at, ended_at, state)
SELECT order_id, lane, running, due_at, CASE WHEN NOT running THEN $12::timestamptz END,
       -- Padded: see saga-repository.ts.
       state::json
FROM started

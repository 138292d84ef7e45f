-- An upsert finds each row by its key, whatever the planner thinks of the table. The states come as lines of JSON, in
-- which no line ends: an array's literal would need each of their quotes escaped, which cost a third of a pass.
INSERT INTO saga_progress AS progress (order_id, lane, running, due_at, ended_at, state)
SELECT order_id, lane, running, due_at, CASE WHEN NOT running THEN $6::timestamptz END, state::json
FROM unnest($1::uuid[], $2::int[], $3::boolean[], $4::timestamptz[], string_to_array($5, E'\n'))
    AS changed (order_id, lane, running, due_at, state)
ON CONFLICT (order_id) DO UPDATE
SET running = excluded.running,
    due_at = excluded.due_at,
    ended_at = coalesce(progress.ended_at, excluded.ended_at),
    state = excluded.state

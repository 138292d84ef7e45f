-- An upsert finds each row by its key, whatever the planner thinks of the table; a plan of UPDATE ... FROM that was
-- made while the table was small would read all of it.
INSERT INTO saga_progress AS progress (order_id, lane, running, due_at, ended_at, state)
SELECT order_id, lane, running, due_at, CASE WHEN NOT running THEN $6::timestamptz END, state
FROM unnest($1::uuid[], $2::int[], $3::boolean[], $4::timestamptz[], $5::json[])
    AS changed (order_id, lane, running, due_at, state)
ON CONFLICT (order_id) DO UPDATE
SET running = excluded.running,
    due_at = excluded.due_at,
    ended_at = coalesce(progress.ended_at, excluded.ended_at),
    state = excluded.state

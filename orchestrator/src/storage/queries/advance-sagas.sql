-- The states come as lines of JSON: see start-sagas.sql.
UPDATE saga_progress AS progress
SET running = changed.running,
    due_at = changed.due_at,
    ended_at = coalesce(progress.ended_at, CASE WHEN NOT changed.running THEN $5::timestamptz END),
    state = changed.state::json
FROM unnest($1::uuid[], $2::boolean[], $3::timestamptz[], string_to_array($4, E'\n'))
    AS changed (order_id, running, due_at, state)
WHERE progress.order_id = changed.order_id

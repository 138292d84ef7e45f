-- Sagas of a stretch that ended before $4 seconds, and that nothing waits for any more. Running ones stay, parked or not.
WITH stretch AS MATERIALIZED (
    SELECT order_id, running, ended_at
    FROM saga_progress
    WHERE order_id > $1::uuid AND order_id < $2::uuid
    ORDER BY order_id
    LIMIT $3
), ended AS (
    SELECT order_id
    FROM stretch
    WHERE NOT running AND ended_at < now() - make_interval(secs => $4)
      AND order_id::text NOT IN (SELECT order_id FROM held)
      AND order_id::text NOT IN (SELECT order_id FROM dead_letter
                                 WHERE blocks AND status = 'open' AND order_id IS NOT NULL)
), progress AS (
    DELETE FROM saga_progress AS progress
    USING ended
    WHERE progress.order_id = ended.order_id AND NOT progress.running
), unchanging AS (
    DELETE FROM saga USING ended WHERE saga.order_id = ended.order_id
)
SELECT (SELECT order_id FROM stretch ORDER BY order_id DESC LIMIT 1) AS last,
       (SELECT count(*) FROM stretch)::int AS looked

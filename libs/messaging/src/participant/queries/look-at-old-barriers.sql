-- The orders of a stretch of barriers, and whether nothing of each is open: $4 seconds is how long they are kept.
WITH looked AS MATERIALIZED (
    SELECT order_id FROM barrier WHERE order_id > $1::uuid AND order_id < $2::uuid ORDER BY order_id LIMIT $3
), stretch AS (
    SELECT DISTINCT order_id FROM looked
)
SELECT order_id,
       NOT EXISTS (SELECT FROM barrier b
                   WHERE b.order_id = stretch.order_id
                     AND (b.state IN ('waiting', 'undoing') OR b.changed_at > now() - make_interval(secs => $4)))
       AND NOT EXISTS (SELECT FROM outbound_call c WHERE c.order_id = stretch.order_id AND c.status = 'open')
       AND stretch.order_id::text NOT IN (SELECT order_id FROM held)
       AND stretch.order_id::text NOT IN (SELECT order_id FROM dead_letter
                                          WHERE blocks AND status = 'open' AND order_id IS NOT NULL)
           AS quiet,
       (SELECT count(*) FROM looked)::int AS looked
FROM stretch
ORDER BY order_id

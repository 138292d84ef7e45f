-- The branches of a stretch of orders that have ended more than $4 seconds ago, with their markers and decisions. What
-- has raised an alarm stays.
WITH stretch AS MATERIALIZED (
    SELECT order_id, open, alarm, changed_at
    FROM branch
    WHERE order_id > $1::uuid AND order_id < $2::uuid
    ORDER BY order_id
    LIMIT $3
), ended AS (
    SELECT order_id
    FROM stretch
    WHERE NOT open AND alarm IS NULL AND changed_at < now() - make_interval(secs => $4)
), markers AS (
    DELETE FROM branch_marker WHERE order_id IN (SELECT order_id FROM ended)
), decisions AS (
    DELETE FROM branch_decision WHERE order_id IN (SELECT order_id FROM ended)
), branches AS (
    DELETE FROM branch WHERE order_id IN (SELECT order_id FROM ended)
)
SELECT (SELECT order_id FROM stretch ORDER BY order_id DESC LIMIT 1) AS last,
       (SELECT count(*) FROM stretch)::int AS looked

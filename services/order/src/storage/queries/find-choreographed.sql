-- Choreographed orders, newest first: an id (UUIDv7) begins with the time. No more than $5 are looked at, so that what
-- hardly any order has costs no scan of the table.
SELECT order_id, lane, choreography, version, begun_at, changed_at, deadline_at, parked, parked_at, traceparent, tracestate, state
FROM (SELECT * FROM choreographed_order WHERE order_id < $1::uuid ORDER BY order_id DESC LIMIT $5) AS stretch
WHERE CASE WHEN parked IS NOT NULL THEN 'parked' ELSE state #>> '{watch,state}' END = ANY ($2::text[])
  AND position($3::text IN coalesce(parked, '')) > 0
ORDER BY order_id DESC
LIMIT $4

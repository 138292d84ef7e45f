-- Choreographed orders that have not ended, newest or ($5) oldest first: all of them are looked at, through their index.
SELECT order_id, lane, choreography, version, begun_at, changed_at, deadline_at, parked, parked_at, traceparent, tracestate, state
FROM (SELECT * FROM choreographed_order WHERE open OFFSET 0) AS found
WHERE order_id < $1::uuid
  AND ($2::boolean = (parked IS NOT NULL))
  AND position($3::text IN coalesce(parked, '')) > 0
ORDER BY CASE WHEN $5::boolean THEN order_id END, order_id DESC
LIMIT $4

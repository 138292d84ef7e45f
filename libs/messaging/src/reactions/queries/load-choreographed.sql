SELECT order_id, lane, choreography, version, begun_at, deadline_at, parked_at, traceparent, tracestate, state
FROM choreographed_order
WHERE order_id = ANY ($1::uuid[])

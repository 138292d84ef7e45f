SELECT order_id, lane, choreography, version, begun_at, changed_at, deadline_at, parked, parked_at, traceparent, tracestate, state
FROM choreographed_order
WHERE order_id = $1::uuid

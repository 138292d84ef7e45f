SELECT order_id, lane, branch, definition, ask_at, asked, traceparent, tracestate
FROM hold
WHERE lane = ANY ($1::int[])

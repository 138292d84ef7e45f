SELECT order_id, operation, lane, party, party_operation, request, round, idempotency_key, attempt,
       greatest(0, extract(epoch FROM next_at - now()) * 1000)::float8 AS wait_ms
FROM outbound_call
WHERE lane = ANY ($1::int[]) AND status = 'open'
ORDER BY created_at, order_id, operation

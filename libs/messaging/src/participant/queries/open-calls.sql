-- A repeated call, after a definite answer to the one before, gets a key of its own: under the old one the party would
-- repeat that answer for ever. An open call is never replaced: it is missing from what is returned.
INSERT INTO outbound_call (order_id, operation, lane, party, party_operation, request, idempotency_key)
SELECT order_id, operation, lane, party, party_operation, request, order_id || ':' || operation
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::jsonb[])
    AS c (order_id, operation, lane, party, party_operation, request)
ON CONFLICT (order_id, operation) DO UPDATE
SET lane = excluded.lane, party = excluded.party, party_operation = excluded.party_operation,
    request = excluded.request, round = outbound_call.round + 1,
    idempotency_key = excluded.idempotency_key || ':' || (outbound_call.round + 1),
    status = 'open', attempt = 0, next_at = NULL, answer = NULL, created_at = now(), answered_at = NULL
WHERE outbound_call.status = 'answered'
RETURNING order_id, operation, round, idempotency_key

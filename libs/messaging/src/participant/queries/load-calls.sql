-- The calls that answers have come for.
SELECT order_id, operation, round, status, answer
FROM outbound_call
WHERE (order_id, operation) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))

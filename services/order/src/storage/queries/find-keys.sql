-- The orders that were placed under these keys.
SELECT idempotency_key AS key, id, body_hash AS "bodyHash" FROM orders WHERE idempotency_key = ANY ($1::text[])

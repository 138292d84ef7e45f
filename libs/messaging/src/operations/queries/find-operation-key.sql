-- A statement of its own: the snapshot of the one that met the key may be older than the operation that it met.
SELECT id, body_hash AS "bodyHash" FROM operation WHERE idempotency_key = $1

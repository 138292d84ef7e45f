-- The last of the sagas that the search looked at, if it did not come to the oldest.
SELECT order_id FROM saga_progress
WHERE order_id BETWEEN $1::uuid AND $2::uuid AND order_id IS DISTINCT FROM $3::uuid
ORDER BY order_id DESC
OFFSET $4 - 1
LIMIT 1

-- The last of the orders that the listing looked at, if it did not come to the oldest.
SELECT id FROM orders WHERE id < $1::uuid ORDER BY id DESC OFFSET $2 - 1 LIMIT 1

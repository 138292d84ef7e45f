-- The last of the orders that the search looked at, if it did not come to the oldest.
SELECT order_id FROM choreographed_order WHERE order_id < $1::uuid ORDER BY order_id DESC OFFSET $2 - 1 LIMIT 1

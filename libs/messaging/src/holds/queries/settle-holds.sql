DELETE FROM hold WHERE order_id = ANY ($1::uuid[])

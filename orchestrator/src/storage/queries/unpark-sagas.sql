DELETE FROM parked_saga WHERE order_id = ANY ($1::uuid[])

SELECT order_id, operation, state, answer, waiting FROM barrier WHERE order_id = ANY ($1::uuid[])

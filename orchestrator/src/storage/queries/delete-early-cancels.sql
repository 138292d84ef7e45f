DELETE FROM early_cancel WHERE order_id = ANY ($1::uuid[])

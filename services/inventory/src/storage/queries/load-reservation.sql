SELECT order_id AS "orderId", upper(status) AS status, warehouse, lines FROM reservation WHERE order_id = $1

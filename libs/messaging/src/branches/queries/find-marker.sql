SELECT outcome FROM branch_marker WHERE order_id = $1

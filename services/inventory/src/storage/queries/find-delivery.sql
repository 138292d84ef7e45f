SELECT sku, quantity, available, reserved, shipped, delivered FROM delivery_key WHERE idempotency_key = $1

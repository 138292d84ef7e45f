SELECT sku, available, reserved, shipped, delivered FROM stock WHERE sku = $1

SELECT sku, available, reserved, shipped, delivered
FROM stock
WHERE sku > $1
ORDER BY sku
LIMIT $2

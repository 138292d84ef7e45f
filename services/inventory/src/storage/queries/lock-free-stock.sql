-- As lock-stock.sql, and leaves out what somebody else holds.
SELECT stock.*
FROM (SELECT sku FROM unnest($1::text[]) AS key (sku) ORDER BY sku COLLATE "C") AS asked
CROSS JOIN LATERAL (
    SELECT sku, warehouse, available, reserved, shipped
    FROM stock
    WHERE stock.sku = asked.sku
    FOR NO KEY UPDATE SKIP LOCKED
) AS stock

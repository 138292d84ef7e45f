-- Everybody locks in the order of the keys: two who need the same articles never wait for each other in a circle.
-- LATERAL keeps it (and see load-reservations.sql).
SELECT stock.*
FROM (SELECT sku FROM unnest($1::text[]) AS key (sku) ORDER BY sku COLLATE "C") AS asked
CROSS JOIN LATERAL (
    SELECT sku, warehouse, available, reserved, shipped FROM stock WHERE stock.sku = asked.sku FOR NO KEY UPDATE
) AS stock

-- Which of them exist, whether or not somebody holds them.
SELECT sku FROM stock WHERE sku = ANY ($1::text[])

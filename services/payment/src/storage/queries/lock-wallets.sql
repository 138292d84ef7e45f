-- Everybody locks in the order of the keys: two who need the same wallets never wait for each other in a circle.
-- LATERAL: see load-payments.sql; it also keeps the locks in this order.
SELECT wallet.*
FROM (SELECT customer_id FROM unnest($1::text[]) AS key (customer_id) ORDER BY customer_id COLLATE "C") AS asked
CROSS JOIN LATERAL (
    SELECT customer_id, balance_cents
    FROM wallet
    WHERE wallet.customer_id = asked.customer_id
    FOR NO KEY UPDATE
) AS wallet

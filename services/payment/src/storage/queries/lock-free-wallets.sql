-- As lock-wallets.sql, but leaves out what somebody else holds.
SELECT wallet.*
FROM (SELECT customer_id FROM unnest($1::text[]) AS key (customer_id) ORDER BY customer_id COLLATE "C") AS asked
CROSS JOIN LATERAL (
    SELECT customer_id, balance_cents
    FROM wallet
    WHERE wallet.customer_id = asked.customer_id
    FOR NO KEY UPDATE SKIP LOCKED
) AS wallet

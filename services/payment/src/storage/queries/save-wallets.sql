UPDATE wallet
SET balance_cents = saved.balance_cents
FROM unnest($1::text[], $2::bigint[]) AS saved (customer_id, balance_cents)
WHERE wallet.customer_id = saved.customer_id

SELECT customer_id, amount_cents, balance_cents FROM deposit_key WHERE idempotency_key = $1

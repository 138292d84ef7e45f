UPDATE slots_key SET free = $2, taken = $3 WHERE idempotency_key = $1

SELECT zone, day, slots, free, taken FROM slots_key WHERE idempotency_key = $1

-- Inserts nothing when the key was used before; waits for whoever is using it now.
INSERT INTO slots_key (idempotency_key, zone, day, slots)
VALUES ($1, $2, $3, $4)
ON CONFLICT (idempotency_key) DO NOTHING

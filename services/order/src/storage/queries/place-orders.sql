-- Places a group of orders and queues their start messages. What is not returned met its key in an order placed before.
-- The keys are taken in one order everywhere, so that groups of several replicas never wait for each other in a circle.
WITH input AS MATERIALIZED (
    SELECT *
    -- JSON text comes joined: it is full of quotes, and an array's elements would have to escape each of them.
    FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::bigint[],
                string_to_array($7::text, E'\x1e'), $8::int[], $9::text[], $10::text[],
                string_to_array($11::text, E'\x1e')) WITH ORDINALITY
        AS line (id, idempotency_key, body_hash, customer_id, protocol, amount_cents, details,
                 lane, topic, key, value, position)
), fresh AS (
    INSERT INTO orders (id, idempotency_key, body_hash, customer_id, protocol, amount_cents, details)
    SELECT id, idempotency_key, body_hash, customer_id, protocol, amount_cents, details::json
    FROM input
    ORDER BY idempotency_key COLLATE "C", position
    ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING id
)
INSERT INTO outbox (lane, topic, key, value, http)
SELECT lane, topic, key, value, true
FROM input JOIN fresh USING (id)
ORDER BY position
RETURNING seq, key

-- The operation, its actions and their messages, or nothing when its key was used before. The messages come as lines.
WITH fresh AS (
    INSERT INTO operation (id, idempotency_key, body_hash) VALUES ($1::uuid, $2, $3::bytea)
    ON CONFLICT DO NOTHING
    RETURNING id, asked_at
), asked AS (
    INSERT INTO operator_action (id, operation_id, order_id, action, operator, reason, asked_at)
    SELECT action.id, fresh.id, action.order_id, $6, $7, $8, fresh.asked_at
    FROM fresh, unnest($4::uuid[], $5::uuid[]) AS action (id, order_id)
), queued AS (
    INSERT INTO outbox (lane, topic, key, value, http)
    SELECT lane, topic, key, value, true
    FROM fresh, unnest($9::int[], $10::text[], $11::text[], string_to_array($12, E'\n')) AS message (lane, topic, key, value)
    RETURNING seq, key
)
SELECT queued.seq, queued.key FROM fresh LEFT JOIN queued ON true

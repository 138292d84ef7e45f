-- Settled ones only, with what operators did; $1 seconds is how long they are kept.
WITH forgotten AS (
    DELETE FROM dead_letter
    WHERE id = ANY (ARRAY (
        SELECT id FROM dead_letter
        WHERE status <> 'open' AND settled_at < now() - make_interval(secs => $1)
        ORDER BY settled_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING id
)
DELETE FROM dead_letter_action WHERE dead_letter_id IN (SELECT id FROM forgotten)

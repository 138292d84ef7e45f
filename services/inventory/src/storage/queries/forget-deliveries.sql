-- In bounded batches; $1 seconds is how long a key is remembered.
DELETE FROM delivery_key
WHERE ctid = ANY (ARRAY (
    SELECT ctid FROM delivery_key
    WHERE delivered_at < now() - make_interval(secs => $1)
    ORDER BY delivered_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))

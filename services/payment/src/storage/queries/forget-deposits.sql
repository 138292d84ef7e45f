-- In bounded batches; $1 seconds is how long a key is remembered.
DELETE FROM deposit_key
WHERE ctid = ANY (ARRAY (
    SELECT ctid FROM deposit_key
    WHERE deposited_at < now() - make_interval(secs => $1)
    ORDER BY deposited_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))

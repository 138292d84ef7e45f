-- In bounded batches; $1 seconds is how long a key is remembered.
DELETE FROM slots_key
WHERE ctid = ANY (ARRAY (
    SELECT ctid FROM slots_key
    WHERE added_at < now() - make_interval(secs => $1)
    ORDER BY added_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))

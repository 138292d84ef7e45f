-- What came in a stretch without a bucket: few, if any.
DELETE FROM inbox_default
WHERE ctid = ANY (ARRAY (
    SELECT ctid FROM inbox_default WHERE sent_at < $1::timestamptz LIMIT $2 FOR UPDATE SKIP LOCKED
))

-- The inbox: returns the ids that were not known.
INSERT INTO inbox (message_id, sent_at)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[])
ON CONFLICT DO NOTHING
RETURNING message_id

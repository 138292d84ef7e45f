-- Newest first, without what is large. Null: whatever it is.
SELECT letter.id, letter.status, letter.topic, letter.lane, letter.topic_offset, letter.type, letter.order_id,
       letter.message_id, letter.error, letter.blocks, letter.dead_at, letter.settled_at, letter.replay_of,
       action.action, action.operator, action.reason, action.forced, action.requested_at, action.done_at
FROM dead_letter AS letter
LEFT JOIN dead_letter_action AS action ON action.dead_letter_id = letter.id
WHERE letter.id < $1
  AND ($2::text IS NULL OR letter.status = $2)
  AND ($3::text IS NULL OR letter.topic = $3)
  AND ($4::text IS NULL OR letter.type = $4)
  AND ($5::text IS NULL OR letter.order_id = $5)
  AND ($6::float8 IS NULL OR letter.dead_at <= now() - make_interval(secs => $6))
  AND ($7::float8 IS NULL OR letter.dead_at > now() - make_interval(secs => $7))
ORDER BY letter.id DESC
LIMIT $8

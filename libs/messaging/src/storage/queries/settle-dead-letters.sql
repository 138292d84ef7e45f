-- Does what operators asked for. A replayed message goes back to its place among the held ones of its order; it is
-- null where there is nothing to put back. Done already: nothing happens.
WITH asked AS (
    SELECT action.id, action.action, action.dead_letter_id, asked.message
    FROM unnest($1::bigint[], $2::text[]) AS asked (id, message)
    JOIN dead_letter_action AS action ON action.id = asked.id
    WHERE action.done_at IS NULL
), done AS (
    UPDATE dead_letter_action AS action SET done_at = now() FROM asked WHERE action.id = asked.id
), settled AS (
    UPDATE dead_letter AS letter
    SET status = CASE asked.action WHEN 'replay' THEN 'replayed' ELSE 'discarded' END, settled_at = now()
    FROM asked
    WHERE letter.id = asked.dead_letter_id AND letter.status = 'open'
    RETURNING letter.*, asked.message
)
INSERT INTO held (seq, lane, order_id, reason, message, topic, topic_offset, headers, replay_of)
SELECT place, lane, order_id, 'locked', message, topic, topic_offset, headers, id
FROM settled
WHERE message IS NOT NULL

-- What operators asked for, in the order in which they did.
SELECT action.id, action.action, letter.id AS letter_id, letter.lane, letter.order_id, letter.topic, letter.key, letter.value
FROM dead_letter_action AS action
JOIN dead_letter AS letter ON letter.id = action.dead_letter_id
WHERE action.done_at IS NULL AND action.lane = ANY ($1::int[])
ORDER BY action.id
LIMIT $2

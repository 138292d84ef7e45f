SELECT letter.*, action.action, action.operator, action.reason, action.forced, action.requested_at, action.done_at,
       (SELECT count(*) FROM held WHERE held.lane = letter.lane AND held.order_id = letter.order_id) AS waiting_behind
FROM dead_letter AS letter
LEFT JOIN dead_letter_action AS action ON action.dead_letter_id = letter.id
WHERE letter.id = $1

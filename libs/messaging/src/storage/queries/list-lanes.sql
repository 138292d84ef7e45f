-- One of them, or all where $1 is null, with the positions of our topics and what an operator had done last.
SELECT lane.lane, lane.epoch, lane.owner, lane.claimed_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('topic', topic, 'nextOffset', next_offset) ORDER BY topic), '[]')
        FROM lane_position AS position
        WHERE position.lane = lane.lane AND topic = ANY ($2::text[])) AS positions,
       action.action, action.operator, action.reason, action.moved, action.done_at
FROM lane
LEFT JOIN LATERAL (
    SELECT * FROM lane_action WHERE lane_action.lane = lane.lane ORDER BY id DESC LIMIT 1
) AS action ON true
WHERE $1::int IS NULL OR lane.lane = $1
ORDER BY lane.lane

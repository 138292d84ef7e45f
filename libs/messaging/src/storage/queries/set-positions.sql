-- Moves positions on and returns what they were: another value than memory's means that memory is wrong.
UPDATE lane_position p SET next_offset = n.next_offset
FROM unnest($1::int[], $2::text[], $3::bigint[]) AS n (lane, topic, next_offset)
WHERE p.lane = n.lane AND p.topic = n.topic
RETURNING p.lane, p.topic, old.next_offset AS was

-- All that a pass begins with, in one statement: locks the lanes whose epoch is still ours, moves positions on from what
-- memory says they are, remembers the messages' ids, forgets rows that are on their topic, and locks held ones.
-- It sees one moment, which may be before that of its locks. That is no claim and no read: a lock always looks at the
-- newest version of a row, so that a lane that was claimed meanwhile is missing from `owned`, and the pass rolls back.
-- Arrays of what did happen; shorter than asked means: somebody else's lane, another position, a double, done already.
WITH owned AS (
    SELECT l.lane
    FROM lane l JOIN unnest($1::int[], $2::bigint[]) AS g (lane, epoch) ON l.lane = g.lane
    WHERE l.epoch = g.epoch
    ORDER BY l.lane
    FOR NO KEY UPDATE OF l
), moved AS (
    UPDATE lane_position p SET next_offset = n.next_offset
    FROM unnest($3::int[], $4::text[], $5::bigint[], $6::bigint[]) AS n (lane, topic, was, next_offset)
    WHERE p.lane = n.lane AND p.topic = n.topic AND p.next_offset = n.was
    RETURNING p.lane, p.topic
), remembered AS (
    INSERT INTO inbox (message_id, sent_at)
    SELECT * FROM unnest($7::uuid[], $8::timestamptz[])
    ON CONFLICT DO NOTHING
    RETURNING message_id
), published AS (
    DELETE FROM outbox WHERE seq = ANY ($9::bigint[])
), waiting AS (
    SELECT seq FROM held WHERE seq = ANY ($10::bigint[]) FOR UPDATE
)
SELECT now() AS now,
       (SELECT array_agg(lane) FROM owned) AS owned,
       (SELECT array_agg(lane || '/' || topic) FROM moved) AS moved,
       -- Null: all of them.
       (SELECT CASE WHEN count(*) < cardinality($7::uuid[]) THEN coalesce(array_agg(message_id), '{}') END
        FROM remembered) AS fresh,
       (SELECT array_agg(seq) FROM waiting) AS waiting

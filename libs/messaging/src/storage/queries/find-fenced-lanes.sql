-- Lanes whose epoch is not the one that we claimed them with.
SELECT l.lane
FROM lane l JOIN unnest($1::int[], $2::bigint[]) AS g (lane, epoch) ON l.lane = g.lane
WHERE l.epoch <> g.epoch

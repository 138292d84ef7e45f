-- Locks the lanes whose epoch is still ours; fewer rows than asked: somebody else has claimed one.
SELECT l.lane, now() AS now
FROM lane l JOIN unnest($1::int[], $2::bigint[]) AS g (lane, epoch) ON l.lane = g.lane
WHERE l.epoch = g.epoch
ORDER BY l.lane
FOR NO KEY UPDATE OF l

-- The lanes that are still ours: fewer than asked for means that somebody else has claimed the others.
SELECT l.lane
FROM lane l JOIN unnest($1::int[], $2::bigint[]) AS g (lane, epoch) ON l.lane = g.lane
WHERE l.epoch = g.epoch
ORDER BY l.lane
FOR NO KEY UPDATE OF l

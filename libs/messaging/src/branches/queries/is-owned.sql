-- Read, and not locked: passes hold the lane's row.
SELECT FROM lane WHERE lane = $1 AND epoch = $2

-- Read, and not locked: a prepared transaction would keep the lane's lock.
SELECT FROM lane WHERE lane = $1 AND epoch = $2

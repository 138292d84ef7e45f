-- A stretch of choreographed orders, and whether nothing of each is open here: $4 seconds is how long they are kept.
SELECT order_id,
       NOT open AND changed_at <= now() - make_interval(secs => $4)
       AND order_id::text NOT IN (SELECT order_id FROM held)
       AND order_id::text NOT IN (SELECT order_id FROM dead_letter
                                  WHERE blocks AND status = 'open' AND order_id IS NOT NULL)
           AS quiet
FROM choreographed_order
WHERE order_id > $1::uuid AND order_id < $2::uuid
ORDER BY order_id
LIMIT $3

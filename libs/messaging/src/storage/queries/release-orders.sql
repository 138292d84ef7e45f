-- The held messages of orders that wait for no dead letter any more are tried again. Answers how each order stands.
WITH asked AS (
    SELECT lane, order_id,
           EXISTS (SELECT FROM dead_letter d
                   WHERE d.lane = asked.lane AND d.order_id = asked.order_id AND d.blocks AND d.status = 'open') AS blocked
    FROM unnest($1::int[], $2::text[]) AS asked (lane, order_id)
), released AS (
    UPDATE held SET reason = 'locked'
    FROM asked
    WHERE NOT asked.blocked AND held.lane = asked.lane AND held.order_id = asked.order_id
    RETURNING held.seq
)
SELECT asked.lane, asked.order_id, asked.blocked,
       EXISTS (SELECT FROM held h WHERE h.lane = asked.lane AND h.order_id = asked.order_id) AS waiting
FROM asked

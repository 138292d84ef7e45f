-- One statement sees one moment: what is not free is taken.
SELECT free.n AS free, slots - free.n AS taken
FROM capacity
CROSS JOIN LATERAL (
    SELECT count(*) AS n
    FROM slot
    WHERE slot.zone = capacity.zone AND slot.day = capacity.day AND slot.order_id IS NULL
) AS free
WHERE capacity.zone = $1 AND capacity.day = $2::date

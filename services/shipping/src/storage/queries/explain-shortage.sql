-- Why fewer than wanted could be locked: whether there are free slots beside the $3 that we hold, and whether the zone
-- is served at all. A slot that was freed since counts as one that somebody holds: it is worth another look. The range is
-- explained in lock-free-slots.sql.
SELECT EXISTS (
           SELECT FROM slot
           WHERE (slot.zone, slot.day) >= (asked.zone, asked.day)
             AND (slot.zone, slot.day) <= (asked.zone, asked.day)
             AND slot.order_id IS NULL
           ORDER BY slot.zone, slot.day, slot.id
           OFFSET asked.ours
           LIMIT 1
       ) AS contended,
       EXISTS (SELECT FROM capacity WHERE capacity.zone = asked.zone) AS served
FROM unnest($1::text[], $2::date[], $3::int[]) WITH ORDINALITY AS asked (zone, day, ours, place)
ORDER BY asked.place

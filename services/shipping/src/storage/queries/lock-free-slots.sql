-- Up to $4 free slots of each zone's day, by number and from $3 on; what others have locked is passed over. LATERAL
-- makes it one walk along the index of free slots each, which ends as soon as enough are locked. The zone's day is a range
-- with itself at both ends: were it equated, nothing but the number would be left to sort by, the primary key is in that
-- order too, and every slot of every zone would be read for a zone that has none free.
SELECT asked.place, slot.id
FROM unnest($1::text[], $2::date[], $3::bigint[], $4::int[]) WITH ORDINALITY
    AS asked (zone, day, from_id, demand, place)
CROSS JOIN LATERAL (
    SELECT id
    FROM slot
    WHERE (slot.zone, slot.day, slot.id) >= (asked.zone, asked.day, asked.from_id)
      AND (slot.zone, slot.day) <= (asked.zone, asked.day)
      AND slot.order_id IS NULL
    ORDER BY slot.zone, slot.day, slot.id
    LIMIT asked.demand
    FOR NO KEY UPDATE SKIP LOCKED
) AS slot

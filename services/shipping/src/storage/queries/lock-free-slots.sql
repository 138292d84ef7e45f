-- Up to $4 free slots of each zone's day, by number and from $3 on; what others have locked is passed over. LATERAL
-- makes it one walk along the index of free slots each, which ends as soon as enough are locked.
SELECT asked.place, slot.id
FROM unnest($1::text[], $2::date[], $3::bigint[], $4::int[]) WITH ORDINALITY
    AS asked (zone, day, from_id, demand, place)
CROSS JOIN LATERAL (
    SELECT id
    FROM slot
    WHERE slot.zone = asked.zone AND slot.day = asked.day AND slot.order_id IS NULL AND slot.id >= asked.from_id
    ORDER BY slot.zone, slot.day, slot.id
    LIMIT asked.demand
    FOR NO KEY UPDATE SKIP LOCKED
) AS slot

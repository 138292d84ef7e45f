INSERT INTO lane_position (lane, topic, next_offset)
SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[])
ON CONFLICT (lane, topic) DO UPDATE SET next_offset = excluded.next_offset

-- A message that was held keeps its place; any other one comes before what is held after it.
INSERT INTO dead_letter (lane, topic, topic_offset, order_id, message_id, key, value, headers, error, stack, blocks,
                         type, place, replay_of)
SELECT lane, topic, topic_offset, order_id, message_id, key, value, headers, error, stack, blocks,
       type, coalesce(place, nextval('held_seq_seq')), replay_of
FROM (
    SELECT *
    FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::uuid[], $6::bytea[], $7::bytea[], $8::jsonb[],
                $9::text[], $10::text[], $11::boolean[], $12::text[], $13::bigint[], $14::bigint[])
        WITH ORDINALITY AS dead (lane, topic, topic_offset, order_id, message_id, key, value, headers, error, stack,
                                 blocks, type, place, replay_of, position)
    ORDER BY position
) AS dead
RETURNING id

INSERT INTO dead_letter (lane, topic, topic_offset, order_id, message_id, key, value, headers, error, stack, blocks)
SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::uuid[], $6::bytea[], $7::bytea[], $8::jsonb[],
                     $9::text[], $10::text[], $11::boolean[])
RETURNING id

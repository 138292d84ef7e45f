INSERT INTO held (lane, order_id, reason, message, topic, topic_offset, headers)
SELECT lane, order_id, reason, message, topic, topic_offset, headers
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[])
    WITH ORDINALITY AS h (lane, order_id, reason, message, topic, topic_offset, headers, position)
ORDER BY position

INSERT INTO held (lane, order_id, reason, message)
SELECT lane, order_id, reason, message
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[])
    WITH ORDINALITY AS h (lane, order_id, reason, message, position)
ORDER BY position

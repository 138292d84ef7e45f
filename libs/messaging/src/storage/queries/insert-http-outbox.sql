INSERT INTO outbox (lane, topic, key, value, http)
SELECT lane, topic, key, value, true
FROM unnest($1::int[], $2::text[], $3::text[], string_to_array($4, E'\n')) WITH ORDINALITY AS o (lane, topic, key, value, position)
ORDER BY position
RETURNING seq

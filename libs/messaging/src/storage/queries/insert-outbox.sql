-- RETURNING follows the order of insertion, which ORDER BY fixes to that of the arrays. The values come as lines of JSON,
-- in which no line ends: an array's literal would need each of their quotes escaped.
INSERT INTO outbox (lane, topic, key, value)
SELECT lane, topic, key, value
FROM unnest($1::int[], $2::text[], $3::text[], string_to_array($4, E'\n')) WITH ORDINALITY AS o (lane, topic, key, value, position)
ORDER BY position
RETURNING seq

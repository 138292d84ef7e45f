-- RETURNING follows the order of insertion, which ORDER BY fixes to the order of the arrays.
INSERT INTO outbox (lane, topic, key, value)
SELECT lane, topic, key, value
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS o (lane, topic, key, value, position)
ORDER BY position
RETURNING seq

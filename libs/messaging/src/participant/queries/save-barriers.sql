INSERT INTO barrier (order_id, operation, state, answer, waiting)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[])
ON CONFLICT (order_id, operation) DO UPDATE
SET state = excluded.state, answer = excluded.answer, waiting = excluded.waiting, changed_at = now()

-- What became of operators' actions. The row is there when the request came over HTTP; it is completed once.
INSERT INTO operator_action (id, order_id, action, operator, reason, asked_at, outcome, detail, handled_at)
SELECT id, order_id, action, operator, reason, asked_at, outcome, detail, $9::timestamptz
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[])
    AS handled (id, order_id, action, operator, reason, asked_at, outcome, detail)
ON CONFLICT (id) DO UPDATE
SET outcome = excluded.outcome, detail = excluded.detail, handled_at = excluded.handled_at
WHERE operator_action.outcome IS NULL

UPDATE outbound_call c
SET status = 'answered', answer = a.answer, attempt = a.attempt, next_at = NULL, answered_at = now()
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::jsonb[])
    AS a (order_id, operation, round, attempt, answer)
-- `answer IS NULL` says the same as `status = 'open'`, for which the planner would read the whole index of open calls.
WHERE c.order_id = a.order_id AND c.operation = a.operation AND c.round = a.round AND c.answer IS NULL

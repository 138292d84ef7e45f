-- Orders that no command does anything for any more: nothing was paid, or the money went where it stays.
SELECT asked.order_id
FROM unnest($1::uuid[]) AS asked (order_id)
LEFT JOIN LATERAL (SELECT status FROM payment WHERE payment.order_id = asked.order_id LIMIT 1) AS own ON true
WHERE own.status IS NULL OR own.status IN ('captured', 'voided', 'declined')

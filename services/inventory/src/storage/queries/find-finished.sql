-- Orders that no command does anything for any more: nothing was reserved, or it was given back or sent away.
SELECT asked.order_id
FROM unnest($1::uuid[]) AS asked (order_id)
LEFT JOIN LATERAL (SELECT status FROM reservation WHERE reservation.order_id = asked.order_id LIMIT 1) AS own ON true
WHERE own.status IS NULL OR own.status IN ('released', 'shipped')

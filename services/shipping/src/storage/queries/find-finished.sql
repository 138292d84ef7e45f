-- Orders that no command does anything for any more: no slot was taken, or it was given back or used.
SELECT asked.order_id
FROM unnest($1::uuid[]) AS asked (order_id)
LEFT JOIN LATERAL (SELECT status FROM shipment WHERE shipment.order_id = asked.order_id LIMIT 1) AS own ON true
WHERE own.status IS NULL OR own.status IN ('cancelled', 'dispatched')

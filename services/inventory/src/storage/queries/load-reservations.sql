-- LATERAL makes it one look into the index per order, whatever the planner believes: a plan that was made while the
-- table was empty would go on reading all of it.
SELECT reservation.*
FROM unnest($1::uuid[]) AS asked (order_id)
CROSS JOIN LATERAL (
    SELECT order_id, status, warehouse, lines FROM reservation WHERE reservation.order_id = asked.order_id LIMIT 1
) AS reservation

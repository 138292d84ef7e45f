-- LATERAL makes it one look into the index per order, whatever the planner thinks of the table: a plan that was made
-- while the table was empty would go on reading all of it.
SELECT shipment.*
FROM unnest($1::uuid[]) AS asked (order_id)
CROSS JOIN LATERAL (
    SELECT order_id, status, day, slot_id, zone, name, street, city, postal_code, tracking_number
    FROM shipment
    WHERE shipment.order_id = asked.order_id
    LIMIT 1
) AS shipment

-- LATERAL makes it one look into the index per order, whatever the planner thinks of the table: a plan that was made
-- while the table was empty would go on reading all of it.
SELECT payment.*
FROM unnest($1::uuid[]) AS asked (order_id)
CROSS JOIN LATERAL (
    SELECT order_id, status, customer_id, amount_cents, card_token, hold_id, capture_id, decline_code
    FROM payment
    WHERE payment.order_id = asked.order_id
    LIMIT 1
) AS payment

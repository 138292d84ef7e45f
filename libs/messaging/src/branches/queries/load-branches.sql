-- LATERAL makes it one look into the index per order, whatever the planner believes of the table.
SELECT branch.*
FROM unnest($1::uuid[]) AS asked (order_id)
CROSS JOIN LATERAL (
    SELECT order_id, lane, state, detail, work, cause, keys FROM branch WHERE branch.order_id = asked.order_id LIMIT 1
) AS branch

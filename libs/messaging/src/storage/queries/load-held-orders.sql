-- Which orders wait, and why their first message does.
SELECT DISTINCT ON (lane, order_id) lane, order_id, reason FROM held
WHERE lane = ANY ($1::int[])
ORDER BY lane, order_id, seq

SELECT DISTINCT lane, order_id FROM dead_letter
WHERE lane = ANY ($1::int[]) AND blocks AND status = 'open' AND order_id IS NOT NULL

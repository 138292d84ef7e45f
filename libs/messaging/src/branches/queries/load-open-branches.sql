SELECT order_id, lane, state, detail, work, cause, keys FROM branch WHERE lane = ANY ($1::int[]) AND open ORDER BY registered_at

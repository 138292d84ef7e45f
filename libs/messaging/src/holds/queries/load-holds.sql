SELECT order_id, lane, branch, definition, ask_at, asked FROM hold WHERE lane = ANY ($1::int[])

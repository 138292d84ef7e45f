INSERT INTO branch_marker (order_id, outcome) VALUES ($1, 'blocked') ON CONFLICT DO NOTHING

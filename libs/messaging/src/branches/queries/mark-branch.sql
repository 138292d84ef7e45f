-- Whoever else is at it holds the row until he has ended: we wait for him, or find his marker.
INSERT INTO branch_marker (order_id, outcome) VALUES ($1, 'committed') ON CONFLICT DO NOTHING

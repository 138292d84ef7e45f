INSERT INTO lane_action (lane, action, operator, reason, moved) VALUES ($1, $2, $3, $4, $5::jsonb)

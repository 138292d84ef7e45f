-- One action for each letter: whoever asks second changes nothing.
INSERT INTO dead_letter_action (dead_letter_id, lane, action, operator, reason, forced)
SELECT id, lane, $2, $3, $4, $5 FROM dead_letter WHERE id = $1 AND status = 'open'
ON CONFLICT (dead_letter_id) DO NOTHING

-- An operator decides once; only what is in doubt, and was not decided by then.
INSERT INTO branch_decision (order_id, outcome, operator, reason)
SELECT order_id, $2, $3, $4 FROM branch WHERE order_id = $1 AND state = 'prepared'
ON CONFLICT DO NOTHING

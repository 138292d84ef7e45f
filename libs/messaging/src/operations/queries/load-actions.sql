SELECT id, order_id AS "orderId", action, operator, reason, asked_at AS "askedAt", outcome, detail,
       handled_at AS "handledAt"
FROM operator_action
WHERE order_id = $1
ORDER BY id

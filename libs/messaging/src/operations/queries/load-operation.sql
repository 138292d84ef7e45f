-- One row without an action when it found no saga.
SELECT operation.id AS "operationId", action.id, action.order_id AS "orderId", action.action, action.operator,
       action.reason, action.asked_at AS "askedAt", action.outcome, action.detail, action.handled_at AS "handledAt"
FROM operation
LEFT JOIN operator_action AS action ON action.operation_id = operation.id
WHERE operation.id = $1
ORDER BY action.order_id

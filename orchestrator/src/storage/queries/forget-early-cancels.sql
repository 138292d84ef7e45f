-- Their starts, if they ever come, are older than the horizon of the inbox, and are refused.
DELETE FROM early_cancel
WHERE order_id = ANY (ARRAY (
    SELECT order_id FROM early_cancel
    WHERE cancelled_at < now() - make_interval(secs => $1)
    ORDER BY order_id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))

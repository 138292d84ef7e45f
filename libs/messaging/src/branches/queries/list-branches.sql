-- Branches that are open, prepared or have raised an alarm, after order $2; or all there is about order $3.
-- pg_prepared_xacts is the whole server's. A prepared transaction has locks of no process, the one on itself among them.
WITH prepared AS (
    SELECT gid, substring(gid FROM ':([^@]*)@') AS order_id, prepared AS at, owner, transaction
    FROM pg_prepared_xacts
    WHERE database = current_database() AND gid ~ $1 AND substring(gid FROM '@(.*)$') = current_database()
), wanted AS (
    SELECT order_id FROM (
        SELECT order_id::text AS order_id FROM branch WHERE open
        UNION
        SELECT order_id::text FROM branch WHERE alarm IS NOT NULL
        UNION
        SELECT order_id FROM prepared
    ) AS known
    WHERE $3::text IS NULL AND order_id > $2::text
    UNION
    SELECT $3::text
    WHERE $3::text IS NOT NULL
      AND (EXISTS (SELECT FROM branch WHERE order_id = $3::uuid) OR $3::text IN (SELECT order_id FROM prepared))
    ORDER BY order_id
    LIMIT $4
)
SELECT wanted.order_id, b.state, b.registered_at, b.keys, b.alarm, b.alarm_detail, b.alarmed_at,
       p.gid, p.at AS prepared_at, p.owner, extract(epoch FROM now() - p.at)::float8 AS age_seconds,
       ARRAY (
           SELECT DISTINCT format('%s %s', held.relation::regclass, held.mode)
           FROM pg_locks own
           JOIN pg_locks held ON held.virtualtransaction = own.virtualtransaction AND held.pid IS NULL
           JOIN pg_class ON pg_class.oid = held.relation AND pg_class.relkind = 'r'
           WHERE own.transactionid = p.transaction AND own.pid IS NULL AND own.locktype = 'transactionid'
           ORDER BY 1
       ) AS locks,
       d.outcome, d.operator, d.reason, d.requested_at, d.done_at, d.came_too_late, d.contradicted_at
FROM wanted
LEFT JOIN branch b ON b.order_id = wanted.order_id::uuid
LEFT JOIN prepared p ON p.order_id = wanted.order_id
LEFT JOIN branch_decision d ON d.order_id = wanted.order_id::uuid
ORDER BY wanted.order_id

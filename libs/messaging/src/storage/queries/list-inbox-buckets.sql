-- A bucket's bounds are text only: FOR VALUES FROM ('...') TO ('...').
SELECT relname AS name, substring(pg_get_expr(relpartbound, oid) FROM 'TO \(''([^'']+)''\)')::timestamptz AS until
FROM pg_class
WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'inbox'::regclass) AND relname <> 'inbox_default'

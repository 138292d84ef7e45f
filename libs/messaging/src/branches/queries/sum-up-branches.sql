SELECT (SELECT count(*) FROM branch WHERE open)::int AS open,
       count(*)::int AS prepared,
       current_setting('max_prepared_transactions')::int AS prepared_max,
       coalesce(extract(epoch FROM now() - min(prepared)), 0)::float8 AS oldest_seconds,
       count(*) FILTER (WHERE owner <> current_user)::int AS foreign_owner,
       (SELECT count(*) FROM branch WHERE alarm IS NOT NULL)::int AS alarms
FROM pg_prepared_xacts
WHERE database = current_database() AND gid ~ $1 AND substring(gid FROM '@(.*)$') = current_database()

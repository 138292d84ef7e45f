-- The server's list holds those of all its databases.
SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND gid ~ $1

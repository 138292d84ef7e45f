SELECT FROM pg_prepared_xacts WHERE database = current_database() AND gid = $1

SELECT count(*)::int AS parked FROM parked_saga

SELECT count(*)::int AS parked FROM choreographed_order WHERE parked IS NOT NULL

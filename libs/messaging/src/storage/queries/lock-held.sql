SELECT seq FROM held WHERE seq = ANY ($1::bigint[]) FOR UPDATE

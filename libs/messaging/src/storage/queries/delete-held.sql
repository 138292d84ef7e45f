DELETE FROM held WHERE seq = ANY ($1::bigint[]) RETURNING seq

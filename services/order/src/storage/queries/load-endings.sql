SELECT id, status, reason, ended_at AS "endedAt" FROM orders WHERE id = ANY ($1::uuid[]) AND status <> 'PENDING'

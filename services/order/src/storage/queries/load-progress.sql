SELECT id, status, reason FROM orders WHERE id = ANY ($1::uuid[])

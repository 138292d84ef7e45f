-- What the lanes' earlier owner committed and may not have sent; rows of requests only once they are old.
SELECT seq, lane, topic, key, value FROM outbox
WHERE lane = ANY ($1::int[]) AND (NOT http OR created_at < now() - make_interval(secs => $2))
ORDER BY seq

-- Rows of requests whose process did not send them in time.
SELECT seq, lane, topic, key, value FROM outbox
WHERE http AND created_at < now() - make_interval(secs => $2) AND lane = ANY ($1::int[])
ORDER BY seq
LIMIT 1000

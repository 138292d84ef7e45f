-- What has changed since it was looked at stays. $2 seconds is how long they are kept.
DELETE FROM choreographed_order
WHERE order_id = ANY ($1::uuid[]) AND NOT open AND changed_at <= now() - make_interval(secs => $2)

-- What has changed since it was looked at stays. $2 seconds is how long barriers are kept.
WITH forgotten AS (
    DELETE FROM barrier
    WHERE order_id = ANY ($1::uuid[])
      AND state NOT IN ('waiting', 'undoing') AND changed_at <= now() - make_interval(secs => $2)
)
DELETE FROM outbound_call WHERE order_id = ANY ($1::uuid[]) AND status = 'answered'

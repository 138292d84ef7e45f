-- All sagas, newest first: an id (UUIDv7) begins with the time. No more than $9 are looked at, so that what hardly any saga
-- has costs no scan of the table.
SELECT found.order_id, saga.definition, saga.version, saga.started_at, found.ended_at, found.state, parked.parked_at
FROM (
    SELECT order_id, ended_at, state FROM saga_progress
    WHERE order_id BETWEEN $1::uuid AND $2::uuid AND order_id IS DISTINCT FROM $3::uuid
    ORDER BY order_id DESC
    LIMIT $9
) AS found
CROSS JOIN LATERAL (SELECT * FROM saga WHERE saga.order_id = found.order_id LIMIT 1) AS saga
LEFT JOIN LATERAL (
    SELECT parked_at FROM parked_saga WHERE parked_saga.order_id = found.order_id LIMIT 1
) AS parked ON true
WHERE found.state ->> 'kind' = ANY ($4::text[])
  AND position($5::text IN coalesce(found.state ->> 'reason', '')) > 0
  AND ($6::int IS NULL OR saga.started_at <= now() - $6::int * interval '1 second')
  AND ($7::text IS NULL OR EXISTS (
      SELECT
      FROM unnest(ARRAY['steps', 'branches', 'afterwards']) AS part,
           json_array_elements(coalesce(found.state #> ARRAY['resumeAs', part], found.state -> part)) AS step
      WHERE step ->> 'name' = $7
        AND coalesce(step #>> '{undo,is}', step #>> '{commit,is}', step #>> '{abort,is}', step #>> '{prepare,is}',
                     step #>> '{do,is}') IN ('sent', 'waiting', 'stuck')))
ORDER BY found.order_id DESC
LIMIT $8

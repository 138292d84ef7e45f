INSERT INTO branch (order_id, lane, state, detail, work, cause, keys, open, alarm, alarm_detail, alarmed_at)
SELECT order_id, lane, state, detail, work, cause,
       ARRAY (SELECT jsonb_array_elements_text(keys)), open, alarm, alarm_detail,
       CASE WHEN alarm IS NOT NULL THEN now() END
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::jsonb[], $5::jsonb[], $6::jsonb[], $7::jsonb[], $8::boolean[],
            $9::text[], $10::text[])
    AS b (order_id, lane, state, detail, work, cause, keys, open, alarm, alarm_detail)
ON CONFLICT (order_id) DO UPDATE
SET lane = excluded.lane, state = excluded.state, detail = excluded.detail, cause = excluded.cause, keys = excluded.keys, open = excluded.open,
    alarm = coalesce(branch.alarm, excluded.alarm),
    alarm_detail = CASE WHEN branch.alarm IS NULL THEN excluded.alarm_detail ELSE branch.alarm_detail END,
    alarmed_at = coalesce(branch.alarmed_at, excluded.alarmed_at),
    changed_at = now()

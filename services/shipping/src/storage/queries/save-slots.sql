-- A slot is taken only while it is free, and freed only by the order that has it. Returns how many were taken.
WITH saved AS (
    UPDATE slot
    SET order_id = CASE WHEN change.taken THEN change.order_id END
    FROM unnest($1::bigint[], $2::uuid[], $3::boolean[]) AS change (slot_id, order_id, taken)
    WHERE slot.id = change.slot_id
      AND CASE WHEN change.taken THEN slot.order_id IS NULL ELSE slot.order_id = change.order_id END
    RETURNING slot.order_id
)
SELECT count(order_id) AS taken FROM saved

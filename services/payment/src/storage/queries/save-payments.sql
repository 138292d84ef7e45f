INSERT INTO payment (order_id, status, customer_id, amount_cents, card_token, hold_id, capture_id, decline_code)
SELECT *
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
ON CONFLICT (order_id) DO UPDATE
SET status = excluded.status,
    hold_id = excluded.hold_id,
    capture_id = excluded.capture_id,
    decline_code = excluded.decline_code

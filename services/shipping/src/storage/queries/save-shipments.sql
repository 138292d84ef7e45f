INSERT INTO shipment (order_id, status, day, slot_id, zone, name, street, city, postal_code, tracking_number)
SELECT *
FROM unnest($1::uuid[], $2::text[], $3::date[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[])
ON CONFLICT (order_id) DO UPDATE
SET status = excluded.status, tracking_number = excluded.tracking_number

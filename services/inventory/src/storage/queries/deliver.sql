-- Returns the new stock, or nothing when the warehouse would hold more than $4 pieces. A key ($3, may be null) that was
-- used before is a unique violation, which undoes all of it.
WITH stored AS (
    INSERT INTO stock AS known (sku, available, delivered)
    VALUES ($1::text, $2::bigint, $2::bigint)
    ON CONFLICT (sku) DO UPDATE
    SET available = known.available + excluded.available, delivered = known.delivered + excluded.delivered
    WHERE known.available + known.reserved <= $4::bigint - excluded.available
      AND known.delivered <= 9007199254740991 - excluded.delivered
    RETURNING sku, available, reserved, shipped, delivered
), keyed AS (
    INSERT INTO delivery_key (idempotency_key, sku, quantity, available, reserved, shipped, delivered)
    SELECT $3::text, sku, $2::bigint, available, reserved, shipped, delivered
    FROM stored
    WHERE $3::text IS NOT NULL
)
SELECT sku, available, reserved, shipped, delivered FROM stored

-- Returns the new balance, or nothing when it would be more than can be counted. A key ($3, may be null) that was used
-- before is a unique violation, which undoes all of it.
WITH credited AS (
    INSERT INTO wallet AS known (customer_id, balance_cents)
    VALUES ($1::text, $2::bigint)
    ON CONFLICT (customer_id) DO UPDATE
    SET balance_cents = known.balance_cents + excluded.balance_cents
    WHERE known.balance_cents <= 9007199254740991 - excluded.balance_cents
    RETURNING customer_id, balance_cents
), keyed AS (
    INSERT INTO deposit_key (idempotency_key, customer_id, amount_cents, balance_cents)
    SELECT $3::text, customer_id, $2::bigint, balance_cents
    FROM credited
    WHERE $3::text IS NOT NULL
), posted AS (
    INSERT INTO posting (kind, account, customer_id, amount_cents)
    SELECT 'deposit', leg.account, leg.customer_id, leg.amount_cents
    FROM credited,
         LATERAL (VALUES ('bank', NULL, -$2::bigint), ('customer', customer_id, $2::bigint))
             AS leg (account, customer_id, amount_cents)
), totalled AS (
    INSERT INTO ledger_total (customers_cents, escrow_cents, merchant_cents, bank_cents)
    SELECT $2::bigint, 0, 0, -$2::bigint
    FROM credited
)
SELECT balance_cents FROM credited

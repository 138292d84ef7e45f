-- Replaces up to $2 rows by their sum, once there are more than $1. Readers see the rows or their sum, never both;
-- replicas that do it at the same time take different rows.
WITH merged AS (
    DELETE FROM ledger_total
    WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM ledger_total
        WHERE (SELECT count(*) FROM ledger_total) > $1
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING customers_cents, escrow_cents, merchant_cents, bank_cents
)
INSERT INTO ledger_total (customers_cents, escrow_cents, merchant_cents, bank_cents)
SELECT sum(customers_cents), sum(escrow_cents), sum(merchant_cents), sum(bank_cents)
FROM merged
HAVING count(*) > 0

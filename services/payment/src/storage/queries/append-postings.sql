WITH posted AS (
    INSERT INTO posting (order_id, kind, account, customer_id, amount_cents)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    RETURNING account, amount_cents
)
INSERT INTO ledger_total (customers_cents, escrow_cents, merchant_cents, bank_cents)
SELECT coalesce(sum(amount_cents) FILTER (WHERE account = 'customer'), 0),
       coalesce(sum(amount_cents) FILTER (WHERE account = 'escrow'), 0),
       coalesce(sum(amount_cents) FILTER (WHERE account = 'merchant'), 0),
       coalesce(sum(amount_cents) FILTER (WHERE account = 'bank'), 0)
FROM posted

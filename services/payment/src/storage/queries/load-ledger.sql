-- One statement sees one moment: the wallets and the ledger belong together.
SELECT customers, escrow, merchant, bank, customers + escrow + merchant + bank AS sum,
       (SELECT coalesce(sum(balance_cents), 0) FROM wallet) AS wallets
FROM (
    SELECT coalesce(sum(customers_cents), 0) AS customers,
           coalesce(sum(escrow_cents), 0) AS escrow,
           coalesce(sum(merchant_cents), 0) AS merchant,
           coalesce(sum(bank_cents), 0) AS bank
    FROM ledger_total
) AS total

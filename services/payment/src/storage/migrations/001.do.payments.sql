-- What a customer can spend. The one row of the ledger that is locked, as it must not become negative; nothing but the
-- key is indexed, so that a change of the balance stays in its page (HOT).
CREATE TABLE wallet (
    customer_id   text COLLATE "C" PRIMARY KEY,
    -- Below 2^53, so that it is exact as a number of JSON and of JavaScript.
    balance_cents bigint NOT NULL CHECK (balance_cents BETWEEN 0 AND 9007199254740991)
) WITH (fillfactor = 50);

-- The payment of each order: domain/authorization.ts says what the states mean. Written by the owner of the order's
-- lane only. Half of a page is left free: each row is changed once or twice, and then stays in its page (HOT).
CREATE TABLE payment (
    order_id     uuid PRIMARY KEY,
    status       text COLLATE "C" NOT NULL CHECK (status IN
                     ('authorizing', 'held', 'capturing', 'captured', 'voiding', 'voided', 'declined')),
    -- Null where the order was voided before its payment was asked for.
    customer_id  text COLLATE "C",
    amount_cents bigint CHECK (amount_cents > 0),
    -- The gateway's token of the card; null for a wallet.
    card_token   text,
    -- The gateway's names for what it did; null for a wallet, whose money is in escrow.
    hold_id      text,
    capture_id   text,
    -- Why it is declined: a rejection code of payment.authorize.
    decline_code text,
    CHECK ((customer_id IS NULL) = (amount_cents IS NULL)),
    CHECK (customer_id IS NOT NULL OR status = 'voided'),
    CHECK ((status = 'captured' AND card_token IS NOT NULL) = (capture_id IS NOT NULL)),
    CHECK ((status = 'declined') = (decline_code IS NOT NULL))
) WITH (fillfactor = 50);

-- The ledger: append-only. The postings of one movement of money add up to 0.
CREATE TABLE posting (
    posted_at    timestamptz NOT NULL DEFAULT now(),
    amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
    -- Null for a deposit.
    order_id     uuid,
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('deposit', 'authorize', 'void', 'capture')),
    account      text COLLATE "C" NOT NULL CHECK (account IN ('customer', 'escrow', 'merchant', 'bank')),
    customer_id  text COLLATE "C",
    CHECK ((account = 'customer') = (customer_id IS NOT NULL)),
    CHECK ((kind = 'deposit') = (order_id IS NULL))
);
-- Finds an order's postings, and is the last line of defence: an order's money moves once for each reason, whatever
-- the code above believes.
CREATE UNIQUE INDEX posting_order ON posting (order_id, kind, account) WHERE order_id IS NOT NULL;

-- The sums of the accounts, in parts: each statement that appends postings adds the row of what it appended, and now
-- and then rows are replaced by their sum (merge-totals.sql). The sum of all rows is exact at any time, and nobody
-- waits for anybody, as would be the case with one row per account. A save whose postings don't add up to 0 fails.
CREATE TABLE ledger_total (
    customers_cents numeric NOT NULL,
    escrow_cents    numeric NOT NULL,
    merchant_cents  numeric NOT NULL,
    bank_cents      numeric NOT NULL,
    CHECK (customers_cents + escrow_cents + merchant_cents + bank_cents = 0)
);

-- Deposits that were made under an Idempotency-Key, with what was answered.
CREATE TABLE deposit_key (
    idempotency_key text COLLATE "C" PRIMARY KEY,
    customer_id     text COLLATE "C" NOT NULL,
    amount_cents    bigint NOT NULL,
    balance_cents   bigint NOT NULL,
    deposited_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deposit_key_age ON deposit_key (deposited_at);

-- One row per order, from the request that placed it to its end. The idempotency key stands beside the order that it
-- placed: one insert, and a key is remembered for as long as its order is.
CREATE TABLE orders (
    id              uuid PRIMARY KEY,
    idempotency_key text COLLATE "C",
    -- SHA-256 of the canonical body, to tell a retry from another request under the same key.
    body_hash       bytea,
    customer_id     text COLLATE "C" NOT NULL,
    status          text COLLATE "C" NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'COMPLETED', 'CANCELLED')),
    reason          text,
    protocol        text NOT NULL,
    amount_cents    bigint NOT NULL CHECK (amount_cents > 0),
    -- Lines, kind of payment, address, day: shown as they are, never searched. json keeps the text as it came.
    details         json NOT NULL,
    placed_at       timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    CHECK ((idempotency_key IS NULL) = (body_hash IS NULL)),
    CHECK ((status = 'CANCELLED') = (reason IS NOT NULL)),
    CHECK ((status = 'PENDING') = (ended_at IS NULL))
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX orders_idempotency_key ON orders (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX orders_customer ON orders (customer_id, id);
-- None on status: an update of an indexed column is not HOT, and cost 24 us of 62 per order. Listings by status read
-- a bounded stretch of the newest instead (list-orders.sql).

-- Orders whose cancellation was asked for, so that asking again sends nothing. Apart from orders: that row's changes
-- are the lane owner's alone.
CREATE TABLE cancel_request (
    order_id     uuid PRIMARY KEY REFERENCES orders,
    requested_at timestamptz NOT NULL DEFAULT now()
);

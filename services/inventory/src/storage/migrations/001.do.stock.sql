-- The goods. Every order of an article changes its row: nothing but the key is indexed and half of a page is left free,
-- so that the new version stays in its page (HOT). Pieces only move between the three columns: no decision, and no bug of
-- one, can make or lose any, as only a delivery changes `delivered`.
CREATE TABLE stock (
    sku       text COLLATE "C" PRIMARY KEY,
    warehouse text COLLATE "C" NOT NULL DEFAULT 'north',
    available bigint NOT NULL CHECK (available >= 0),
    reserved  bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    shipped   bigint NOT NULL DEFAULT 0 CHECK (shipped >= 0),
    -- Below 2^53, so that it is exact as a number of JSON and of JavaScript.
    delivered bigint NOT NULL CHECK (delivered <= 9007199254740991),
    CONSTRAINT stock_adds_up CHECK (available + reserved + shipped = delivered)
) WITH (fillfactor = 50);

-- The goods of each order: domain/reservation.ts says what the states mean. Written by the owner of the order's lane
-- only, twice; the second time it stays in its page.
CREATE TABLE reservation (
    order_id  uuid PRIMARY KEY,
    status    text COLLATE "C" NOT NULL CHECK (status IN ('reserved', 'released', 'shipped')),
    warehouse text COLLATE "C" NOT NULL,
    -- [{"sku": ..., "quantity": ...}, ...] as they were ordered.
    lines     jsonb NOT NULL
) WITH (fillfactor = 50);

-- Deliveries that were made under an Idempotency-Key, with what was answered.
CREATE TABLE delivery_key (
    idempotency_key text COLLATE "C" PRIMARY KEY,
    sku             text COLLATE "C" NOT NULL,
    quantity        bigint NOT NULL,
    available       bigint NOT NULL,
    reserved        bigint NOT NULL,
    shipped         bigint NOT NULL,
    delivered       bigint NOT NULL,
    delivered_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX delivery_key_age ON delivery_key (delivered_at);

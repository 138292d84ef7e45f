-- The zones' days that ever had slots, and how many: what is taken is the rest of what is free, so that no booking has
-- to count. A zone without any row is not served.
CREATE TABLE capacity (
    zone  text COLLATE "C" NOT NULL,
    day   date NOT NULL,
    slots bigint NOT NULL CHECK (slots > 0),
    PRIMARY KEY (zone, day)
);

-- One row for each place in the carrier's van. A booking takes any that is free, and nobody queues for a counter.
CREATE TABLE slot (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    zone     text COLLATE "C" NOT NULL,
    day      date NOT NULL,
    -- Who has it; null while it is free.
    order_id uuid
) WITH (
    -- A slot that is taken leaves a dead entry at the head of the index below, where the next search begins: they are
    -- cleared away early and without a pause, not when a fifth of the table has changed.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX slot_free ON slot (zone, day, id) WHERE order_id IS NULL;

-- The shipment of each order: domain/shipment.ts says what the states mean. Written by the owner of the order's lane
-- only. Half of a page is left free: each row is changed once or twice, and then stays in its page (HOT).
CREATE TABLE shipment (
    order_id        uuid PRIMARY KEY,
    status          text COLLATE "C" NOT NULL CHECK (status IN
                        ('booked', 'cancelled', 'dispatching', 'dispatched')),
    day             date NOT NULL,
    -- The slot that it has, or had.
    slot_id         bigint NOT NULL,
    zone            text COLLATE "C" NOT NULL,
    name            text NOT NULL,
    street          text NOT NULL,
    city            text NOT NULL,
    postal_code     text NOT NULL,
    -- The carrier's name for it.
    tracking_number text,
    CHECK ((status = 'dispatched') = (tracking_number IS NOT NULL))
) WITH (fillfactor = 50);

-- Slots that were added under an Idempotency-Key, with what was answered: null only within the transaction.
CREATE TABLE slots_key (
    idempotency_key text COLLATE "C" PRIMARY KEY,
    zone            text COLLATE "C" NOT NULL,
    day             date NOT NULL,
    slots           integer NOT NULL,
    free            bigint,
    taken           bigint,
    added_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX slots_key_age ON slots_key (added_at);

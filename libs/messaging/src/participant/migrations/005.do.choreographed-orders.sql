-- How far this participant has come with each choreographed order: what it has heard, and what became of its reactions.
-- Written by the owner of the order's lane only, in the transaction that handles the event. The state is read and written as
-- a whole. Half of a page is left free and no index is on what changes at each event, so that updates stay in it (HOT).
CREATE TABLE choreographed_order (
    order_id     uuid PRIMARY KEY,
    lane         int NOT NULL,
    choreography text NOT NULL,
    -- An order keeps the version that it began with.
    version      int NOT NULL,
    begun_at     timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    -- Null for as long as no event has told it.
    deadline_at  timestamptz,
    -- When it has to be looked at again, if nothing comes before.
    due_at       timestamptz,
    -- Whether this participant has something left to do by itself: a timer, or, where the order is watched, its end.
    open         boolean NOT NULL,
    -- Why it does not go on by itself; null when it does.
    parked       text,
    parked_at    timestamptz,
    -- The W3C trace context of the first event; what is announced carries it on.
    traceparent  text,
    tracestate   text,
    state        json NOT NULL,
    CHECK ((parked IS NULL) = (parked_at IS NULL)),
    CHECK (open OR (due_at IS NULL AND parked IS NULL))
) WITH (fillfactor = 40);

-- What a lane's new owner has to arm, and what operators look for.
CREATE INDEX choreographed_order_open ON choreographed_order (lane) WHERE open;
CREATE INDEX choreographed_order_parked ON choreographed_order (order_id) WHERE parked IS NOT NULL;

-- Fetched by key, never searched: see the participants' migration of this name.
ALTER TABLE choreographed_order
    ALTER COLUMN state SET STATISTICS 0;

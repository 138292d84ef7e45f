-- What never changes of a saga: written once, when it starts.
CREATE TABLE saga (
    order_id    uuid PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    -- From here on, before the pivot, it compensates.
    deadline_at timestamptz,
    -- An instance keeps the version that it started with.
    version     int NOT NULL,
    definition  text NOT NULL,
    input       json NOT NULL,
    -- The W3C trace context of its start; its commands carry it on.
    traceparent text,
    tracestate  text
);

-- How far it is: written at each step, by the owner of its lane only. Half of a page is left free and no index is on
-- what changes at each step, so that a step's update stays in its page (HOT); the end of a saga is the one that doesn't.
-- The state is read and written as a whole: json is a quarter smaller than jsonb, and is stored without being taken apart.
CREATE TABLE saga_progress (
    order_id uuid PRIMARY KEY,
    -- When it has to be looked at again; null once it has ended, or when only an answer or an operator gets it on.
    due_at   timestamptz,
    ended_at timestamptz,
    lane     int NOT NULL,
    running  boolean NOT NULL,
    state    json NOT NULL,
    CHECK (running = (ended_at IS NULL)),
    CHECK (running OR due_at IS NULL)
) WITH (fillfactor = 50);

-- What a lane's new owner has to arm.
CREATE INDEX saga_progress_running ON saga_progress (lane) WHERE running;

-- Cancels that came before their saga's start: the start finds them, and the saga ends before it begins.
CREATE TABLE early_cancel (
    order_id     uuid PRIMARY KEY,
    lane         int NOT NULL,
    cancelled_at timestamptz NOT NULL
);

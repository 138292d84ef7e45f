-- What is known of each operation of an order: barrier.ts says what the states mean. A row is written once for an
-- operation that just succeeds, and updated in place (HOT: no index on what changes) when it is undone or answered
-- later. Rows belong to their order and are purged with it: order ids are in order of time, changed_at tells the age.
CREATE TABLE barrier (
    order_id   uuid NOT NULL,
    -- The type of the do, also for what concerns its undo.
    operation  text NOT NULL,
    state      text NOT NULL CHECK (state IN ('untouched', 'waiting', 'answered', 'undoing', 'undone', 'tombstone')),
    -- The do's definite answer, or the undo's once it is undone.
    answer     jsonb,
    -- The messages that wait for their answer; null when none does.
    waiting    jsonb,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, operation)
) WITH (fillfactor = 70);

-- A call to an outside party, recorded with the decision to make it. What makes it safe to ask again is the
-- idempotency key; `attempt` and `next_at` are written only now and then.
CREATE TABLE outbound_call (
    order_id        uuid NOT NULL,
    -- The type of the command, do or undo, that waits for the answer.
    operation       text NOT NULL,
    lane            int NOT NULL,
    party           text NOT NULL,
    party_operation text NOT NULL,
    request         jsonb NOT NULL,
    -- 1, and one more each time that the operation asks anew after a definite answer.
    round           int NOT NULL DEFAULT 1,
    idempotency_key text NOT NULL,
    status          text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'answered')),
    attempt         int NOT NULL DEFAULT 0,
    next_at         timestamptz,
    answer          jsonb,
    created_at      timestamptz NOT NULL DEFAULT now(),
    answered_at     timestamptz,
    PRIMARY KEY (order_id, operation)
) WITH (fillfactor = 70);

-- What a lane's new owner has to ask again.
CREATE INDEX outbound_call_open ON outbound_call (lane) WHERE status = 'open';

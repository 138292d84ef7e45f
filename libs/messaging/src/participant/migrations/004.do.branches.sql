-- A participant's branches of two-phase commits: @ballast/two-phase says what the states mean. Written by the owner of
-- the order's lane only, and never by the transaction that is prepared: nobody could read it before the decision.
CREATE TABLE branch (
    order_id      uuid PRIMARY KEY,
    lane          int NOT NULL,
    state         text NOT NULL
        CHECK (state IN ('registered', 'prepared', 'committing', 'rolling-back', 'committed', 'rolled-back')),
    -- What belongs to the state: attempts, when to ask.
    detail        jsonb NOT NULL,
    -- What the coordinator sent with the prepare, to do the work again after a crash.
    work          jsonb,
    -- What messages about the branch inherit.
    cause         jsonb NOT NULL,
    -- The shared records that it has locked, as the participant calls them.
    keys          text[] NOT NULL DEFAULT '{}',
    open          boolean NOT NULL,
    -- Set once: two may have decided differently. It stays until somebody has looked.
    alarm         text,
    alarm_detail  text,
    alarmed_at    timestamptz,
    registered_at timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- What a lane's new owner has to go on with.
CREATE INDEX branch_open ON branch (lane) WHERE open;

-- What somebody has to look at.
CREATE INDEX branch_alarm ON branch (order_id) WHERE alarm IS NOT NULL;

-- What became of a branch's transaction: written by itself, or by a rollback that found none, to block it.
CREATE TABLE branch_marker (
    order_id  uuid PRIMARY KEY,
    outcome   text NOT NULL CHECK (outcome IN ('committed', 'blocked')),
    marked_at timestamptz NOT NULL DEFAULT now()
);

-- Branches in doubt that an operator has decided alone, and why. Kept for as long as their branch.
CREATE TABLE branch_decision (
    order_id        uuid PRIMARY KEY,
    outcome         text NOT NULL CHECK (outcome IN ('commit', 'rollback')),
    operator        text NOT NULL,
    reason          text NOT NULL,
    requested_at    timestamptz NOT NULL DEFAULT now(),
    done_at         timestamptz,
    -- The coordinator had decided before: its decision was carried out, and this one was not.
    came_too_late   boolean NOT NULL DEFAULT false,
    -- The coordinator decided otherwise, later.
    contradicted_at timestamptz
);
CREATE INDEX branch_decision_open ON branch_decision (order_id) WHERE done_at IS NULL;

ALTER TABLE branch
    ALTER COLUMN detail SET STATISTICS 0,
    ALTER COLUMN work SET STATISTICS 0,
    ALTER COLUMN cause SET STATISTICS 0;

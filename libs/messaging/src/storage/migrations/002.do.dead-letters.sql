-- Where a held message came from, for the case that it cannot be handled in the end.
ALTER TABLE held
    ADD COLUMN topic        text,
    ADD COLUMN topic_offset bigint,
    ADD COLUMN headers      jsonb NOT NULL DEFAULT '{}',
    -- The dead letter that was put back here by an operator.
    ADD COLUMN replay_of    bigint;

ALTER TABLE dead_letter
    ADD COLUMN type       text,
    -- Its place among the held messages of its order: replayed, it is handled before those that wait behind it.
    ADD COLUMN place      bigint,
    -- The dead letter whose replay this is: it failed again.
    ADD COLUMN replay_of  bigint,
    ADD COLUMN settled_at timestamptz;

-- What is dead already came before everything that is held.
UPDATE dead_letter SET place = -id, settled_at = CASE WHEN status <> 'open' THEN now() END;

ALTER TABLE dead_letter
    ALTER COLUMN place SET NOT NULL,
    ADD CHECK ((status = 'open') = (settled_at IS NULL));

CREATE INDEX dead_letter_settled ON dead_letter (settled_at) WHERE status <> 'open';

-- What operators asked for, and when the owner of the lane did it: the audit. A request is only written here; the
-- letter, the held messages and the order's hold are changed by the lane's owner alone.
CREATE TABLE dead_letter_action (
    id             bigserial PRIMARY KEY,
    dead_letter_id bigint NOT NULL,
    lane           int NOT NULL,
    action         text NOT NULL CHECK (action IN ('replay', 'discard')),
    operator       text NOT NULL,
    reason         text NOT NULL,
    -- Whether the operator accepted that the inbox may have forgotten an earlier copy of the message.
    forced         boolean NOT NULL,
    requested_at   timestamptz NOT NULL DEFAULT now(),
    done_at        timestamptz
);

-- A letter is settled once: there is one action for each.
CREATE UNIQUE INDEX dead_letter_action_letter ON dead_letter_action (dead_letter_id);
CREATE INDEX dead_letter_action_waiting ON dead_letter_action (lane) WHERE done_at IS NULL;

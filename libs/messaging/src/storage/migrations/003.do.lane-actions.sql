-- What operators had done to lanes: the audit, written in the transaction that moves the positions. Never purged.
CREATE TABLE lane_action (
    id       bigserial PRIMARY KEY,
    lane     int NOT NULL,
    action   text NOT NULL CHECK (action IN ('accept-loss', 'read-again')),
    operator text NOT NULL,
    reason   text NOT NULL,
    -- [{ topic, from, to }]: next offsets. from is null where there was no position.
    moved    jsonb NOT NULL,
    done_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX lane_action_lane ON lane_action (lane, id);

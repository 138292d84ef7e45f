-- What a participant has set aside for an order under try-confirm-cancel, and not been told to keep or to give back yet.
-- Written with the answer to the try, deleted with that to the confirm or the cancel, by the owner of the order's lane.
CREATE TABLE hold (
    order_id   uuid PRIMARY KEY,
    lane       int NOT NULL,
    -- Who asks, and about which flow.
    branch     text NOT NULL,
    definition text NOT NULL,
    -- From here on the coordinator is asked, and obeyed: nothing is given back without its word.
    ask_at     timestamptz NOT NULL,
    asked      int NOT NULL,
    held_since timestamptz NOT NULL
) WITH (fillfactor = 70);

-- What a lane's new owner has to ask about.
CREATE INDEX hold_lane ON hold (lane);

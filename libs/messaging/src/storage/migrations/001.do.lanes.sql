-- The truth about who owns a lane and how far its topics were handled; Kafka's committed offsets only follow.
CREATE TABLE lane (
    lane       int PRIMARY KEY,
    epoch      bigint NOT NULL,
    owner      text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE lane_position (
    lane        int NOT NULL,
    topic       text NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (lane, topic)
) WITH (fillfactor = 50);

-- Offsets mean nothing in another cluster.
CREATE TABLE kafka_cluster (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cluster_id text NOT NULL
);

-- Ids of messages handled, in buckets of the message's own time: a double falls into the bucket of its original.
CREATE TABLE inbox (
    message_id uuid NOT NULL,
    sent_at    timestamptz NOT NULL,
    PRIMARY KEY (message_id, sent_at)
) PARTITION BY RANGE (sent_at);

CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

-- Messages that are committed and not yet known to be on their topic. seq is commit order inside a lane only.
CREATE TABLE outbox (
    seq        bigserial PRIMARY KEY,
    lane       int NOT NULL,
    topic      text NOT NULL,
    key        text NOT NULL,
    value      text NOT NULL,
    http       boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- The rows that requests left behind, for the sweep; small, whatever the table's churn.
CREATE INDEX outbox_http ON outbox (created_at) WHERE http;

-- Messages that wait: for rows that somebody else has locked, or behind one that could not be handled.
CREATE TABLE held (
    seq      bigserial PRIMARY KEY,
    lane     int NOT NULL,
    order_id text NOT NULL,
    reason   text NOT NULL CHECK (reason IN ('locked', 'behind-poison')),
    message  text NOT NULL,
    held_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX held_order ON held (lane, order_id, seq);

-- What could not be decoded or handled, kept with everything needed to show and replay it.
CREATE TABLE dead_letter (
    id             bigserial PRIMARY KEY,
    lane           int NOT NULL,
    topic          text NOT NULL,
    topic_offset   bigint,
    order_id       text,
    message_id     uuid,
    key            bytea,
    value          bytea,
    headers        jsonb NOT NULL DEFAULT '{}',
    error          text NOT NULL,
    stack          text,
    -- Later messages of the order wait while it is open and blocks.
    blocks         boolean NOT NULL,
    status         text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replayed', 'discarded')),
    dead_at        timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX dead_letter_blocking ON dead_letter (lane, order_id) WHERE blocks AND status = 'open';

-- What an operator has asked for in one request; it may be about many orders. As at the orchestrator, whose sagas' owners
-- are asked in the same way.
CREATE TABLE operation (
    id              uuid PRIMARY KEY,
    idempotency_key text COLLATE "C",
    -- SHA-256 of the request, to tell a retry from another request under the same key.
    body_hash       bytea NOT NULL,
    asked_at        timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX operation_idempotency_key ON operation (idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The audit: inserted together with the message that asks for the action, completed by the owner of the order's lane in the
-- transaction of the effect. A message that came by another way than HTTP is inserted whole.
CREATE TABLE operator_action (
    -- The message's.
    id           uuid PRIMARY KEY,
    operation_id uuid REFERENCES operation,
    order_id     uuid NOT NULL,
    action       text NOT NULL,
    operator     text NOT NULL,
    reason       text NOT NULL,
    asked_at     timestamptz NOT NULL,
    outcome      text CHECK (outcome IN ('applied', 'refused')),
    -- Why it was refused.
    detail       text,
    handled_at   timestamptz,
    CHECK ((outcome IS NULL) = (handled_at IS NULL))
);

CREATE INDEX operator_action_order ON operator_action (order_id);
CREATE INDEX operator_action_operation ON operator_action (operation_id);

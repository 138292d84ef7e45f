-- The question what became of an order is part of the order's trace.
ALTER TABLE hold
    ADD COLUMN traceparent text,
    ADD COLUMN tracestate  text;

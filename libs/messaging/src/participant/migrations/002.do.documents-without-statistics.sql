-- Documents are fetched by key and never searched. Statistics of them cost more than all of vacuum's other work together:
-- ANALYZE sorts the documents of its sample.
ALTER TABLE barrier
    ALTER COLUMN answer SET STATISTICS 0,
    ALTER COLUMN waiting SET STATISTICS 0;
ALTER TABLE outbound_call
    ALTER COLUMN request SET STATISTICS 0,
    ALTER COLUMN answer SET STATISTICS 0;

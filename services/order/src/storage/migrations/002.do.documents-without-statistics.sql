-- Fetched by key, never searched: see the participants' migration of this name.
ALTER TABLE orders
    ALTER COLUMN body_hash SET STATISTICS 0,
    ALTER COLUMN details SET STATISTICS 0;

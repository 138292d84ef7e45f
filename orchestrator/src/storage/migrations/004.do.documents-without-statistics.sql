-- Fetched by key, never searched: see the participants' migration of this name.
ALTER TABLE saga
    ALTER COLUMN input SET STATISTICS 0;
ALTER TABLE saga_progress
    ALTER COLUMN state SET STATISTICS 0;

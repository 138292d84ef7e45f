-- Fetched by key, never searched: see the participants' migration of this name.
ALTER TABLE reservation
    ALTER COLUMN lines SET STATISTICS 0;

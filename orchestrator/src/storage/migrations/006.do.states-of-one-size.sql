-- States are stored padded to 800 bytes (queries/start-sagas.sql), so that they do not grow while a saga runs. Four fit into half of
-- a page, which leaves as much for the next step's versions; a page that the purge has emptied by half takes new ones. With
-- a quarter, and states that grew, the purged table kept a page for one and a half sagas.
ALTER TABLE saga_progress SET (fillfactor = 50);
-- Vacuum in more rounds made no difference to what the tables hold.
ALTER TABLE saga RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE saga_progress RESET (autovacuum_vacuum_scale_factor);

-- States are stored padded to 800 bytes (queries/start-sagas.sql), so that they do not grow while a saga runs. Five fit into half of
-- a page, which leaves as much for the next step's versions; a page that the purge has emptied by half takes new ones. With
-- a quarter, and states that grew, the purged table kept a page for one and a half sagas.
ALTER TABLE saga_progress SET (fillfactor = 50);

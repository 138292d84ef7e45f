-- As many sagas end as begin: what a purge has deleted is made room of before the table has grown by a fifth.
ALTER TABLE saga SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE saga_progress SET (autovacuum_vacuum_scale_factor = 0.05);

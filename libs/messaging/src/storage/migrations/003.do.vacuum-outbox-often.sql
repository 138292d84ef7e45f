-- Small, and emptied all the time: what is dead in it is cleared in every round of autovacuum, not in every other.
ALTER TABLE outbox SET (autovacuum_vacuum_threshold = 5000);

-- For the session that makes the passes: a plan that was made while a table had a few pages (autovacuum analyses from 50
-- rows on) would go on reading all of it while it grows, until it is analysed again, a minute later.
SET enable_seqscan = off

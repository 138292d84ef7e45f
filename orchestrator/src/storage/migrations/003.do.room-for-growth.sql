-- A state is 150 bytes at its start and 700 at its end. A page that is half full of beginnings has no room for their ends:
-- a third of the updates left their page, and wrote to both indexes. A quarter is what ends as a full page.
ALTER TABLE saga_progress SET (fillfactor = 25);

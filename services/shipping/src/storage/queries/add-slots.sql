WITH added AS (
    INSERT INTO capacity AS known (zone, day, slots)
    VALUES ($1::text, $2::date, $3::int)
    ON CONFLICT (zone, day) DO UPDATE SET slots = known.slots + excluded.slots
    RETURNING zone, day
)
INSERT INTO slot (zone, day)
SELECT zone, day
FROM added, generate_series(1, $3::int)

-- Journals go with all of their rows.
DELETE FROM {own}.journal WHERE name = ANY ($1::text[])

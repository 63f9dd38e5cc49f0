-- Jobs of any kind, as a list of entries (JSON).
SELECT {own}.add_each($1::text::jsonb)

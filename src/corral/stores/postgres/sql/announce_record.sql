-- Keep a record until a time of the caller's clock. $1 kind, $2 name, $3 value, $4 until (ms; null: for good).
INSERT INTO {own}.record (kind, name, value, expire_at_ms) VALUES ($1, $2, $3::bytea, $4::bigint)
ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, expire_at_ms = excluded.expire_at_ms

-- Keep a record in place of any other. $1 kind, $2 name, $3 value, $4 for how long (ms; null: for good).
INSERT INTO {own}.record (kind, name, value, expire_at_ms)
VALUES ($1, $2, $3::bytea, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4::bigint)
ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, expire_at_ms = excluded.expire_at_ms

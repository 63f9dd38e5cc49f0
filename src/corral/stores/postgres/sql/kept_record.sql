-- A record that has not run out. $1 kind, $2 name.
SELECT value FROM {own}.record WHERE kind = $1 AND name = $2
  AND (expire_at_ms IS NULL OR expire_at_ms > (extract(epoch FROM clock_timestamp()) * 1000)::bigint)

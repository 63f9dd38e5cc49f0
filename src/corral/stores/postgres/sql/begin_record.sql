-- Keep a record unless there is one that has not run out; a row: it was kept. $1 kind, $2 name, $3 value, $4 for how
-- long (ms). A few that have run out go on the way, so that they never pile up.
WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms),
swept AS (
  DELETE FROM {own}.record WHERE ctid IN (
    SELECT r.ctid FROM {own}.record AS r, clock
    WHERE r.expire_at_ms <= clock.now_ms AND (r.kind, r.name) <> ($1, $2)
    ORDER BY r.expire_at_ms LIMIT 10 FOR UPDATE OF r SKIP LOCKED
  )
)
INSERT INTO {own}.record AS kept (kind, name, value, expire_at_ms)
SELECT $1, $2, $3::bytea, now_ms + $4::bigint FROM clock
ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, expire_at_ms = excluded.expire_at_ms
  WHERE kept.expire_at_ms <= excluded.expire_at_ms - $4::bigint
RETURNING true

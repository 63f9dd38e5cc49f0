-- The records of a kind that have not run out; the others go. $1 kind.
WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms),
gone AS (DELETE FROM {own}.record USING clock WHERE kind = $1 AND expire_at_ms <= now_ms)
SELECT name, value FROM {own}.record, clock WHERE kind = $1 AND (expire_at_ms IS NULL OR expire_at_ms > now_ms)

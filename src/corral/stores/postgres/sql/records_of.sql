-- The records of a kind by the caller's clock; those that have run out go. $1 kind, $2 now (ms).
WITH gone AS (DELETE FROM {own}.record WHERE kind = $1 AND expire_at_ms < $2::bigint)
SELECT name, value FROM {own}.record WHERE kind = $1 AND (expire_at_ms IS NULL OR expire_at_ms >= $2::bigint)

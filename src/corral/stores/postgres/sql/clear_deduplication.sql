-- A row for an id that was held, whether its time was over or not.
DELETE FROM {bullmq}.dedup WHERE queue = $1 AND dedup_id = $2
RETURNING expire_at_ms IS NULL OR expire_at_ms > (extract(epoch FROM clock_timestamp()) * 1000)::bigint

SELECT job_id FROM {bullmq}.dedup WHERE queue = $1 AND dedup_id = $2
  AND (expire_at_ms IS NULL OR expire_at_ms > (extract(epoch FROM clock_timestamp()) * 1000)::bigint)

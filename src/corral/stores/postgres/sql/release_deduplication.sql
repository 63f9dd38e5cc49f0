-- Whether the job held its deduplication id; no row without the job.
WITH released AS (
  DELETE FROM {bullmq}.dedup USING {bullmq}.job
  WHERE job.queue = $1 AND job.id = $2 AND dedup.queue = $1 AND dedup.dedup_id = job.dedup_id AND dedup.job_id = $2
    AND (dedup.expire_at_ms IS NULL OR dedup.expire_at_ms > (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
  RETURNING 1
)
SELECT EXISTS (SELECT 1 FROM released) FROM {bullmq}.job WHERE queue = $1 AND id = $2

-- Whether the job is there. Its log keeps the last $3 rows.
WITH found AS (
  SELECT 1 FROM {bullmq}.job WHERE queue = $1 AND id = $2
), cleared AS (
  DELETE FROM {bullmq}.job_log WHERE queue = $1 AND job_id = $2
    AND idx <= (SELECT max(idx) FROM {bullmq}.job_log WHERE queue = $1 AND job_id = $2) - $3::bigint
)
SELECT EXISTS (SELECT 1 FROM found)

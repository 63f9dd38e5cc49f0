-- Whether as many jobs are active as the queue's concurrency allows; one that is no number allows all. $1 queue.
SELECT coalesce((SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'active') >= (
  SELECT value::numeric FROM {bullmq}.meta WHERE queue = $1 AND field = 'concurrency' AND value ~ '^[0-9]{1,18}$'
), false)

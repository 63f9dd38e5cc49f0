-- Look at up to $3 cards after the one of the queue $1 and the job $2; take away those of before $4 without a job.
-- Answers the last one looked at, how many were, and how many went.
WITH looked AS (
  SELECT queue, job_id, submitted_at_ms FROM {own}.job_card
  WHERE (queue, job_id) > ($1, $2) ORDER BY queue, job_id LIMIT $3
), gone AS (
  SELECT array_agg(queue) AS queues, array_agg(job_id) AS job_ids FROM looked c
  WHERE submitted_at_ms < $4
    AND NOT EXISTS (SELECT FROM {bullmq}.job j WHERE j.queue = c.queue AND j.id = c.job_id)
), dropped AS (
  SELECT {own}.drop_cards(queues, job_ids) AS number FROM gone WHERE queues IS NOT NULL
)
SELECT queue, job_id, (SELECT count(*) FROM looked) AS looked, coalesce((SELECT number FROM dropped), 0) AS gone
FROM looked ORDER BY queue DESC, job_id DESC LIMIT 1

-- How many of each kind; no row without the job.
SELECT count(*) FILTER (WHERE child.status = 'processed') AS processed,
  count(*) FILTER (WHERE child.status = 'pending') AS unprocessed,
  count(*) FILTER (WHERE child.status = 'ignored') AS ignored,
  count(*) FILTER (WHERE child.status = 'failed') AS failed
FROM {bullmq}.job parent
LEFT JOIN {bullmq}.job_dependency child ON child.parent_queue = parent.queue AND child.parent_id = parent.id
WHERE parent.queue = $1 AND parent.id = $2
GROUP BY parent.queue, parent.id

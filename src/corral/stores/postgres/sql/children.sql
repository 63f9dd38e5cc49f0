-- The children of one kind with what is kept of each; one row of nulls where there is none, no row without the job.
SELECT child_key, value::text, value #>> '{}' AS plain
FROM {bullmq}.job parent
LEFT JOIN {bullmq}.job_dependency child
  ON child.parent_queue = parent.queue AND child.parent_id = parent.id AND child.status = $3::text::{bullmq}.dep_status
WHERE parent.queue = $1 AND parent.id = $2

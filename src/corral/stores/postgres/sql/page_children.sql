-- Up to $5 children of each kind $3 that come after the name $4 ('': the first); a row of nulls for a kind without,
-- no row without the job.
SELECT wanted.kind, child.child_key, child.value::text, child.value #>> '{}' AS plain
FROM {bullmq}.job parent
CROSS JOIN unnest($3::text[], $4::text[]) AS wanted (kind, after)
LEFT JOIN LATERAL (
  SELECT child_key, value FROM {bullmq}.job_dependency
  WHERE parent_queue = $1 AND parent_id = $2 AND status = wanted.kind::{bullmq}.dep_status AND child_key > wanted.after
  ORDER BY child_key LIMIT $5
) child ON true
WHERE parent.queue = $1 AND parent.id = $2

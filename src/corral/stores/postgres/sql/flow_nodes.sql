-- Those of the jobs that are there, each with its place among those asked for and the names of up to $3 children: the
-- done ones, the unfinished, the failed and those whose failure is ignored.
SELECT {job}, place, children
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (of_queue, of_id, place)
JOIN {bullmq}.job ON job.queue = wanted.of_queue AND job.id = wanted.of_id
CROSS JOIN LATERAL (
  SELECT array_agg(child_key ORDER BY rank) AS children FROM (
    SELECT kind.rank, child.child_key
    FROM unnest('{processed,pending,failed,ignored}'::text[]) WITH ORDINALITY AS kind (name, rank)
    CROSS JOIN LATERAL (
      SELECT child_key FROM {bullmq}.job_dependency
      WHERE parent_queue = job.queue AND parent_id = job.id AND status = kind.name::{bullmq}.dep_status LIMIT $3
    ) child
    ORDER BY kind.rank LIMIT $3
  ) shown
) below

-- Names of queues in order, each found by one step through an index, however many jobs it has. $1 after, $2 most.
WITH RECURSIVE names(name) AS (
  SELECT least(
    (SELECT min(queue) FROM {bullmq}.job WHERE queue > $1), (SELECT min(queue) FROM {bullmq}.meta WHERE queue > $1)
  )
  UNION ALL
  SELECT least(
    (SELECT min(queue) FROM {bullmq}.job WHERE queue > names.name),
    (SELECT min(queue) FROM {bullmq}.meta WHERE queue > names.name)
  )
  FROM names WHERE names.name IS NOT NULL
)
SELECT name FROM names WHERE name IS NOT NULL LIMIT $2::bigint

-- Drop all events but the last so many; how many went. $1 queue, $2 how many stay.
WITH dropped AS (
  DELETE FROM {bullmq}.event
  WHERE queue = $1 AND id <= (
    SELECT id FROM {bullmq}.event WHERE queue = $1 ORDER BY id DESC OFFSET $2::bigint LIMIT 1
  )
  RETURNING id
)
SELECT count(*) FROM dropped

-- Remove up to so many active jobs that began at a time or earlier and that no worker holds any longer; their ids.
-- BullMQ's `clean` would take those that are held as well. $1 queue, $2 bound (ms), $3 most.
WITH free AS MATERIALIZED (
  SELECT id FROM {bullmq}.job
  WHERE queue = $1 AND state = 'active' AND coalesce(processed_at_ms, added_at_ms) <= $2::bigint
    AND locked_until_ms <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint AND scheduler_id IS NULL
  ORDER BY locked_until_ms
  LIMIT $3::integer
)
SELECT id FROM free WHERE {own}.remove($1, id, false) > 0

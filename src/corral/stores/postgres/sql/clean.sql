-- Remove up to so many of the oldest jobs of a state; their ids. BullMQ's function would sort every job that fits, so
-- for finished jobs its bound is brought down to the last of the oldest. $1 queue, $2 state, $3 bound (ms), $4 most.
SELECT removed.id FROM {bullmq}.clean(
  $1,
  $2,
  CASE WHEN $2 IN ('completed', 'failed') THEN least($3::bigint, coalesce(
    CASE $2
      WHEN 'completed' THEN (
        SELECT finished_at_ms FROM {bullmq}.job WHERE queue = $1 AND state = 'completed'
        ORDER BY finished_at_ms OFFSET $4::integer - 1 LIMIT 1
      )
      ELSE (
        SELECT finished_at_ms FROM {bullmq}.job WHERE queue = $1 AND state = 'failed'
        ORDER BY finished_at_ms OFFSET $4::integer - 1 LIMIT 1
      )
    END,
    $3::bigint
  )) ELSE $3::bigint END,
  $4::integer
) AS removed(id)

-- The id of the newest event, 0 where there is none. $1 queue.
SELECT coalesce(max(id), 0) FROM {bullmq}.event WHERE queue = $1

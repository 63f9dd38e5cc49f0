-- The id of the oldest event that is left. $1 queue.
SELECT min(id) FROM {bullmq}.event WHERE queue = $1

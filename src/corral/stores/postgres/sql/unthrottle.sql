-- Begin to count anew. $1 queue.
DELETE FROM {bullmq}.rate_limit WHERE queue = $1 RETURNING expire_at_ms

SELECT EXISTS (SELECT 1 FROM {bullmq}.scheduler WHERE queue = $1 AND scheduler_id = $2)

SELECT count(*) FROM {bullmq}.scheduler WHERE queue = $1

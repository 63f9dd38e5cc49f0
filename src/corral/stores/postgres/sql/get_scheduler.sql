SELECT {own}.shown(s) FROM {bullmq}.scheduler s WHERE queue = $1 AND scheduler_id = $2

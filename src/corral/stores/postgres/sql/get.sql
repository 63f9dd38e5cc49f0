-- One job.
SELECT {job} FROM {bullmq}.job WHERE queue = $1 AND id = $2

-- A sign of work for whoever waits for jobs of the queue.
SELECT pg_notify('bullmq_jobs', $1)

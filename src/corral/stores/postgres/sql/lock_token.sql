-- Who holds the job's lock now; a lock that has run out is none.
SELECT lock_token FROM {bullmq}.job
WHERE queue = $1 AND id = $2 AND locked_until_ms > (extract(epoch FROM clock_timestamp()) * 1000)::bigint

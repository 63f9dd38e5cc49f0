-- Move finished jobs back to waiting; how many. $1 queue, $2 state, $3 most, $4 bound (ms; null: none).
SELECT {bullmq}.retry_jobs($1, $2, $3::integer, $4::bigint)

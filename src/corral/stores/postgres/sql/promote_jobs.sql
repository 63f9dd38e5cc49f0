-- Move delayed jobs to waiting, soonest first; how many. $1 queue, $2 most.
SELECT {bullmq}.promote_jobs($1, $2::integer)

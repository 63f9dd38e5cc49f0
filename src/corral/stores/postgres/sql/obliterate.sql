-- Remove a batch of jobs, or the queue with the last of them: 1 more are left, 0 none, -1 not paused, -2 jobs are
-- active. $1 queue, $2 most, $3 whether active jobs may go.
SELECT {bullmq}.obliterate($1, $2::integer, $3)

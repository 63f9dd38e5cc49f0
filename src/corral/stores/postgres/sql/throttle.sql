-- Count the rate limit as used up. $1 queue, $2 for how long (ms), $3 now (ms).
SELECT 1 FROM {bullmq}.set_rate_limit($1, $2::bigint, $3::bigint)

-- How long the rate limit is used up (ms), negative where there is nothing to count. $1 queue, $2 limit, $3 now (ms).
SELECT {bullmq}.rate_limit_ttl($1, $2::integer, $3::bigint)

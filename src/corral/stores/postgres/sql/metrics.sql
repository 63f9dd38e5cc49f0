-- What was counted of a queue's jobs that ended, and the points per minute, the newest first. $1 queue, $2 ending.
SELECT count, coalesce(prev_ts, 0) AS prev_ts, prev_count, data FROM {bullmq}.metrics WHERE queue = $1 AND kind = $2

-- Delayed jobs that are due before a moment. $1 queue, $2 moment (ms).
SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'delayed' AND process_at_ms < $2::bigint

SELECT CASE WHEN state = 'waiting' AND priority > 0 THEN 'prioritized' ELSE state::text END
FROM {bullmq}.job WHERE queue = $1 AND id = $2

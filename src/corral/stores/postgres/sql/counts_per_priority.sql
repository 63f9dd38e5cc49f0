-- Waiting jobs of each priority, in the order asked for. $1 queue, $2 priorities.
SELECT (SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'waiting' AND priority = p.priority) AS jobs
FROM unnest($2::bigint[]) WITH ORDINALITY AS p(priority, place)
ORDER BY p.place

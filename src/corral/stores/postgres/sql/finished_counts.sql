-- Completed and failed jobs of queues, in the order asked for, counted in the index alone. $1 queues.
SELECT
  (SELECT count(*) FROM {bullmq}.job WHERE queue = q.name AND state = 'completed') AS completed,
  (SELECT count(*) FROM {bullmq}.job WHERE queue = q.name AND state = 'failed') AS failed
FROM unnest($1::text[]) WITH ORDINALITY AS q(name, place)
ORDER BY q.place

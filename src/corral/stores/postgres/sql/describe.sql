-- Queues with the unfinished jobs that they hold, their settings and what ended in them. $1 queues.
SELECT
  q.name,
  (SELECT count(*) FROM {bullmq}.job WHERE queue = q.name AND state = 'waiting' AND priority = 0) AS waiting,
  (SELECT count(*) FROM {bullmq}.job WHERE queue = q.name AND state = 'waiting' AND priority > 0) AS prioritized,
  (SELECT count(*) FROM {bullmq}.job WHERE queue = q.name AND state = 'active') AS active,
  (SELECT count(*) FROM {bullmq}.job WHERE queue = q.name AND state = 'delayed') AS delayed,
  (SELECT count(*) FROM {bullmq}.job WHERE queue = q.name AND state = 'waiting-children') AS waiting_children,
  (SELECT jsonb_object_agg(field, value)::text FROM {bullmq}.meta WHERE queue = q.name) AS settings,
  c.count AS completed_count, c.prev_ts AS completed_ts, c.prev_count AS completed_prev, c.data[1] AS completed_newest,
  f.count AS failed_count, f.prev_ts AS failed_ts, f.prev_count AS failed_prev, f.data[1] AS failed_newest
FROM unnest($1::text[]) WITH ORDINALITY AS q(name, place)
LEFT JOIN {bullmq}.metrics AS c ON c.queue = q.name AND c.kind = 'completed'
LEFT JOIN {bullmq}.metrics AS f ON f.queue = q.name AND f.kind = 'failed'
ORDER BY q.place

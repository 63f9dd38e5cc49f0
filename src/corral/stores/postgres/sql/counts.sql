-- Jobs per state, in the order asked for; each state is counted in the one partial index that holds it.
-- $1 queue, $2 states other than completed and failed. `paused` is BullMQ 5's list of its own: there is none here.
SELECT CASE s.state
  WHEN 'waiting' THEN (SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'waiting' AND priority = 0)
  WHEN 'wait' THEN (SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'waiting' AND priority = 0)
  WHEN 'prioritized' THEN (SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'waiting' AND priority > 0)
  WHEN 'active' THEN (SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'active')
  WHEN 'delayed' THEN (SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'delayed')
  WHEN 'waiting-children' THEN (SELECT count(*) FROM {bullmq}.job WHERE queue = $1 AND state = 'waiting-children')
  ELSE 0
END AS jobs
FROM unnest($2::text[]) WITH ORDINALITY AS s(state, place)
ORDER BY s.place

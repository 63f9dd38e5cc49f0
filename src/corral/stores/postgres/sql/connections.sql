-- The connections that BullMQ's programs name after a queue: `queue`, `queue:w:name`, and `queue:qe` for those that
-- follow its events. $1 queue; null: of all queues that there are.
WITH named AS (
  SELECT pid::text AS id, application_name AS rawname,
    regexp_replace(application_name, '(:w:.*|:qe)$', '') AS name,
    coalesce(host(client_addr) || ':' || client_port, '') AS addr,
    floor(extract(epoch FROM clock_timestamp() - backend_start))::bigint::text AS age
  FROM pg_stat_activity
  WHERE datname = current_database() AND application_name <> ''
)
SELECT id, rawname, name, addr, age FROM named
WHERE name = $1 OR $1 IS NULL AND (
  EXISTS (SELECT FROM {bullmq}.meta WHERE queue = named.name) OR EXISTS (SELECT FROM {bullmq}.job WHERE queue = named.name)
)
ORDER BY id::bigint

-- The rows from $3 to $4 (inclusive; negative: from the last, which is -1) of a log, from its start or its end, and how
-- many there are. Rows leave from the old end alone, so there is none missing between the first and the last.
WITH span AS (
  SELECT min(idx) AS low, max(idx) AS high, coalesce(max(idx) - min(idx) + 1, 0) AS total
  FROM {bullmq}.job_log WHERE queue = $1 AND job_id = $2
), part AS (
  SELECT low, high, total,
    CASE WHEN $3::bigint < 0 THEN greatest(total + $3, 0) ELSE $3 END AS first,
    CASE WHEN $4::bigint < 0 THEN total + $4 ELSE least($4, total) END AS last
  FROM span
)
SELECT part.total, log.row
FROM part LEFT JOIN {bullmq}.job_log log ON log.queue = $1 AND log.job_id = $2
  AND log.idx BETWEEN CASE WHEN $5::boolean THEN low + first ELSE high - last END
    AND CASE WHEN $5 THEN low + last ELSE high - first END
ORDER BY CASE WHEN $5 THEN log.idx ELSE -log.idx END

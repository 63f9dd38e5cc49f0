-- The schedulers from $2 to $3 (inclusive; negative: from the last, which is -1) by their next run.
WITH counted AS (
  SELECT count(*) AS total FROM {bullmq}.scheduler WHERE queue = $1
), part AS (
  SELECT CASE WHEN $2::bigint < 0 THEN greatest(total + $2, 0) ELSE $2 END AS first,
    CASE WHEN $3::bigint < 0 THEN total + $3 ELSE least($3, total) END AS last
  FROM counted
)
SELECT {own}.shown(s) FROM {bullmq}.scheduler s
WHERE queue = $1
ORDER BY CASE WHEN $4::boolean THEN next_run_ms ELSE -next_run_ms END,
  CASE WHEN $4 THEN scheduler_id END COLLATE "C" ASC, CASE WHEN NOT $4 THEN scheduler_id END COLLATE "C" DESC
OFFSET (SELECT first FROM part) LIMIT (SELECT greatest(last - first + 1, 0) FROM part)

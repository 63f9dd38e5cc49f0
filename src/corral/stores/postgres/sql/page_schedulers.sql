-- Up to $2 schedulers after the one that runs at $3 (null: the first) and is named $4.
SELECT {own}.shown(s) FROM {bullmq}.scheduler s
WHERE queue = $1 AND ($3::bigint IS NULL OR (next_run_ms, scheduler_id COLLATE "C") > ($3, $4))
ORDER BY next_run_ms, scheduler_id COLLATE "C" LIMIT $2

-- 0 or BullMQ's refusal; no row without the job. Locked first, so that it still is what it was when it is moved.
WITH held AS MATERIALIZED (SELECT id FROM {bullmq}.job WHERE queue = $1 AND id = $2 FOR UPDATE)
SELECT {bullmq}.change_priority($1, id, $3::integer, $4) FROM held

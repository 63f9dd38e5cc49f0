-- Events after an id, in order. $1 queue, $2 id, $3 most.
SELECT id, event, data::text, created_at_ms FROM {bullmq}.event WHERE queue = $1 AND id > $2::bigint ORDER BY id LIMIT $3::bigint

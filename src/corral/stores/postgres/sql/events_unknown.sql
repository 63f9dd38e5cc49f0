-- Events after an id other than those that are known, in order. $1 queue, $2 id, $3 known ids, $4 most.
SELECT id, event, data::text, created_at_ms FROM {bullmq}.event
WHERE queue = $1 AND id > $2::bigint AND id NOT IN (SELECT unnest($3::bigint[]))
ORDER BY id LIMIT $4::bigint

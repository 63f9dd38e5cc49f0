-- The ids of the events between two, the second included. $1 queue, $2 and $3 ids.
SELECT id FROM {bullmq}.event WHERE queue = $1 AND id > $2::bigint AND id <= $3::bigint ORDER BY id

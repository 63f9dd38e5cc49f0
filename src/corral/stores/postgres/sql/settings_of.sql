-- The settings and notes of a queue that are asked for. $1 queue, $2 fields.
SELECT field, value FROM {bullmq}.meta WHERE queue = $1 AND field = ANY($2::text[])

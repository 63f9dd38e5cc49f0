-- Forget settings of a queue; a row for each that there was. $1 queue, $2 fields.
DELETE FROM {bullmq}.meta WHERE queue = $1 AND field = ANY($2::text[]) RETURNING field

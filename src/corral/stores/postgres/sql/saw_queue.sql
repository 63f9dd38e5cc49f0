-- The note by which BullMQ's programs say that there is a queue. $1 queue, $2 how many events it keeps.
INSERT INTO {bullmq}.meta (queue, field, value) VALUES ($1, 'opts.maxLenEvents', $2) ON CONFLICT DO NOTHING

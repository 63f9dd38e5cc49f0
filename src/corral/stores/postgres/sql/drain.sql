-- Remove what waits, and delayed jobs if asked. $1 queue, $2 whether delayed ones too.
SELECT 1 FROM {bullmq}.drain($1, $2)

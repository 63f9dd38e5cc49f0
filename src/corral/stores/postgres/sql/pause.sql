-- Pause the queue, or let it go on and wake its workers. $1 queue, $2 whether it is to be paused.
SELECT 1 FROM {bullmq}.pause($1, $2)

-- Put an event of our own into the stream of the queue $1: its name $2 and its fields $3 (JSON).
SELECT {bullmq}.publish_event($1, $2, $3::text::jsonb)

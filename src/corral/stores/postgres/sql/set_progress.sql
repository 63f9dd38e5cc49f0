-- How many jobs there were to set the progress of: 1 or 0.
SELECT {bullmq}.update_progress($1, $2, $3::text::jsonb)

-- A row if the job is there.
UPDATE {bullmq}.job SET data = $3::text::jsonb WHERE queue = $1 AND id = $2 RETURNING 1

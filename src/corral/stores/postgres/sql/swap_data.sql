-- A row if it was the old payload $3. Compared as values: what differs in spaces or order alone is the same.
UPDATE {bullmq}.job SET data = $4::text::jsonb WHERE queue = $1 AND id = $2 AND data = $3::text::jsonb RETURNING 1

-- Store settings of a queue. $1 queue, $2 fields, $3 values.
INSERT INTO {bullmq}.meta (queue, field, value)
SELECT $1, field, value FROM unnest($2::text[], $3::text[]) AS given(field, value)
ON CONFLICT (queue, field) DO UPDATE SET value = excluded.value

-- Whether the job is there. It gets no more attempts than one after those that it had.
WITH found AS (
  SELECT 1 FROM {bullmq}.job WHERE queue = $1 AND id = $2
), lowered AS (
  UPDATE {bullmq}.job
  SET opts = jsonb_set(opts, '{attempts}', to_jsonb(attempts_made + 1)), max_attempts = attempts_made + 1
  WHERE queue = $1 AND id = $2
    AND CASE WHEN jsonb_typeof(opts -> 'attempts') = 'number'
      THEN (opts ->> 'attempts')::numeric > attempts_made + 1 ELSE false END
)
SELECT EXISTS (SELECT 1 FROM found)

-- Stores a scheduler and its next job, and shows it. No row when the revision is another.
CREATE FUNCTION {own}.put_scheduler(
  p_queue text, p_key text, p_due bigint, p_data text, p_template text, p_record text, p_first text, p_now bigint,
  p_revision text
) RETURNS TABLE (job_id text, delay bigint, stored text)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
  IF NOT {own}.hold_scheduler(p_queue, p_key, p_revision) THEN
    RETURN;
  END IF;
  SELECT added.job_id, added.delay INTO job_id, delay FROM add_job_scheduler(
    p_queue, p_key, p_due, p_data::jsonb, p_template::jsonb, p_record::jsonb, p_first::jsonb, p_now, NULL) AS added;
  PERFORM {own}.announce_scheduled(p_queue, job_id);
  SELECT {own}.shown(s) INTO stored FROM scheduler s WHERE s.queue = p_queue AND s.scheduler_id = p_key;
  RETURN NEXT;
END;
$$;

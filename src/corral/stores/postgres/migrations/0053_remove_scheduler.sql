-- 0; 1 when there is none; null when the revision is another.
CREATE FUNCTION {own}.remove_scheduler(p_queue text, p_key text, p_revision text) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
  IF NOT {own}.hold_scheduler(p_queue, p_key, p_revision) THEN
    RETURN NULL;
  END IF;
  RETURN remove_job_scheduler(p_queue, p_key);
END;
$$;

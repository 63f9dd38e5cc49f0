-- Adds the job after `p_producer`: its id, or null when that is not the newest any more. Its data is the scheduler's.
CREATE FUNCTION {own}.advance_scheduler(
  p_queue text, p_key text, p_due bigint, p_first text, p_now bigint, p_producer text
) RETURNS text
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_added text;
BEGIN
  PERFORM {own}.hold_scheduler(p_queue, p_key, NULL);
  v_added := update_job_scheduler_next_millis(p_queue, p_key, p_due, '{}'::jsonb, p_first::jsonb, p_now, p_producer);
  IF v_added IS NOT NULL THEN
    PERFORM {own}.announce_scheduled(p_queue, v_added);
  END IF;
  RETURN v_added;
END;
$$;

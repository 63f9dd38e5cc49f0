-- A scheduler's job announces itself as every other job does, and as it does on Redis.
CREATE FUNCTION {own}.announce_scheduled(p_queue text, p_id text) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_name text;
  v_state job_state;
  v_due bigint;
BEGIN
  SELECT name, state, process_at_ms INTO v_name, v_state, v_due FROM job WHERE queue = p_queue AND id = p_id;
  PERFORM publish_event(p_queue, 'added', jsonb_build_object('jobId', p_id, 'name', v_name));
  IF v_state = 'delayed' THEN
    PERFORM publish_event(p_queue, 'delayed', jsonb_build_object('jobId', p_id, 'delay', v_due));
  ELSE
    PERFORM publish_event(p_queue, 'waiting', jsonb_build_object('jobId', p_id));
  END IF;
END;
$$;

CREATE OR REPLACE FUNCTION {own}.put_scheduler(
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

CREATE OR REPLACE FUNCTION {own}.advance_scheduler(
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

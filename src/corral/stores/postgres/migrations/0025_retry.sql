-- Makes a finished job wait again. 1; -1 without the job, -3 when it is not in the state. Beyond BullMQ's function, a
-- child whose failure its parent ignored is waited for again as well.
CREATE FUNCTION {own}.retry(p_queue text, p_id text, p_state text, p_reset_made boolean, p_reset_started boolean)
RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_job  job;
  v_code integer;
BEGIN
  SELECT * INTO v_job FROM job WHERE queue = p_queue AND id = p_id FOR UPDATE;
  v_code := reprocess_job(
    p_queue, p_id, p_state, coalesce(v_job.opts -> 'lifo' = 'true', false), p_reset_made, p_reset_started);
  IF v_code = 1 AND p_state = 'failed' THEN
    UPDATE job_dependency SET status = 'pending', value = NULL
      WHERE parent_queue = v_job.parent_queue AND parent_id = v_job.parent_id
        AND child_key = p_queue || ':' || p_id AND status = 'ignored';
    IF FOUND THEN
      UPDATE job SET pending_deps = pending_deps + 1
        WHERE queue = v_job.parent_queue AND id = v_job.parent_id;
    END IF;
  END IF;
  IF v_code = 1 AND v_job.opts ? 'group' THEN
    PERFORM {own}.again_in_groups(p_queue, ARRAY[p_id]);
  END IF;
  RETURN v_code;
END;
$$;

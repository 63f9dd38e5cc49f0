-- Lets the job's parent no longer wait for it: 0; 1 when it does not anyway; -1 without the job, -5 without the parent.
-- BullMQ's function would let go of a child that is done as well, and then count one too few of those that are not.
CREATE FUNCTION {own}.remove_child_dependency(p_queue text, p_id text) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_queue text;
  v_id    text;
  v_key   text;
BEGIN
  SELECT parent_queue, parent_id, parent_key INTO v_queue, v_id, v_key FROM job WHERE queue = p_queue AND id = p_id;
  IF NOT FOUND THEN
    RETURN -1;
  END IF;
  IF v_queue IS NULL OR v_id IS NULL THEN
    RETURN 1;
  END IF;
  -- before any row, as those who finish a child do
  PERFORM pg_advisory_xact_lock(hashtext('bullmq:parent:' || v_queue || ':' || v_id));
  PERFORM 1 FROM job WHERE queue = v_queue AND id = v_id;
  IF NOT FOUND THEN
    RETURN -5;
  END IF;
  PERFORM 1 FROM job_dependency
    WHERE parent_queue = v_queue AND parent_id = v_id AND child_key = p_queue || ':' || p_id AND status = 'pending';
  IF NOT FOUND THEN
    RETURN 1;
  END IF;
  RETURN remove_child_dependency(p_queue, p_id, v_key, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
END;
$$;

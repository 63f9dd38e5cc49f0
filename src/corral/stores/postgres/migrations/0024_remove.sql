-- Removes a job and, if asked, all below it. How many; 0 when a worker holds one; -1 without the job; -8 for the next
-- job of a scheduler. BullMQ's function refuses every job that a scheduler ever made, so the others are let go first.
CREATE FUNCTION {own}.remove(p_queue text, p_id text, p_with_children boolean) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_scheduler text;
  v_removed   integer;
BEGIN
  SELECT scheduler_id INTO v_scheduler FROM job WHERE queue = p_queue AND id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN -1;
  END IF;
  IF v_scheduler IS NOT NULL THEN
    PERFORM 1 FROM scheduler
      WHERE queue = p_queue AND scheduler_id = v_scheduler AND p_id = format('repeat:%s:%s', scheduler_id, next_run_ms);
    IF FOUND THEN
      RETURN -8;
    END IF;
    UPDATE job SET scheduler_id = NULL WHERE queue = p_queue AND id = p_id;
  END IF;
  IF p_with_children THEN
    PERFORM {own}.lock_tree(p_queue, p_id);
  END IF;
  v_removed := remove(p_queue, p_id, p_with_children);
  IF v_removed = 0 THEN
    UPDATE job SET scheduler_id = v_scheduler WHERE queue = p_queue AND id = p_id AND v_scheduler IS NOT NULL;
  END IF;
  IF v_removed > 0 THEN
    PERFORM {own}.leave_groups(p_queue, ARRAY[p_id], true);
  END IF;
  RETURN v_removed;
END;
$$;

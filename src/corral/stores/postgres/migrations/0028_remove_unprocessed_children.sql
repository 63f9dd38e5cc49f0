-- Removes the children that nobody has taken up, and lets a parent go on that waited for these alone. False without the
-- job. BullMQ's function leaves the places of the removed ones behind, for which the parent would wait for ever.
CREATE FUNCTION {own}.remove_unprocessed_children(p_queue text, p_id text) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_left integer;
BEGIN
  -- before any row, as those who finish a child do
  PERFORM pg_advisory_xact_lock(hashtext('bullmq:parent:' || p_queue || ':' || p_id));
  IF NOT {own}.lock_tree(p_queue, p_id) THEN
    RETURN false;
  END IF;
  PERFORM remove_unprocessed_children(p_queue, p_id);
  DELETE FROM job_dependency d
    WHERE d.parent_queue = p_queue AND d.parent_id = p_id AND d.status = 'pending'
      AND NOT EXISTS (SELECT 1 FROM job WHERE queue = d.child_queue AND id = d.child_id);
  UPDATE job SET pending_deps = (
      SELECT count(*) FROM job_dependency WHERE parent_queue = p_queue AND parent_id = p_id AND status = 'pending')
    WHERE queue = p_queue AND id = p_id
    RETURNING pending_deps INTO v_left;
  IF v_left = 0 THEN
    PERFORM move_parent_to_wait(p_queue, p_id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
  END IF;
  RETURN true;
END;
$$;

-- Adds the jobs of a flow, all or none: what BullMQ's function only reports in place of an id is raised.
--
-- A child that has completed before would let its parent go while others are still to come. So the jobs come in parts,
-- and after part i the parent `p_queues[i]`, `p_ids[i]` (null: none) is held by one child that there is not.
CREATE FUNCTION {own}.add_flow(p_parts text[], p_queues text[], p_ids text[], p_now bigint) RETURNS SETOF text
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_id   text;
  v_ids  text[];
  v_at   integer;
  v_left integer;
BEGIN
  FOR i IN 1 .. cardinality(p_parts) LOOP
    v_at := 0;
    v_ids := '{}';
    FOR v_id IN SELECT added.id FROM add_flow(p_parts[i]::jsonb) AS added(id) LOOP
      IF v_id IN ('-5', '-7') THEN
        RAISE EXCEPTION 'a job of the flow was refused'
          USING ERRCODE = 'BM001', DETAIL = v_id, HINT = p_parts[i]::jsonb -> v_at ->> 'id';
      END IF;
      v_at := v_at + 1;
      v_ids := v_ids || v_id;
      RETURN NEXT v_id;
    END LOOP;
    PERFORM {own}.join_entries(p_parts[i]::jsonb, v_ids);
    UPDATE job SET pending_deps = pending_deps + 1 WHERE queue = p_queues[i] AND id = p_ids[i];
  END LOOP;
  FOR i IN 1 .. cardinality(p_parts) LOOP
    UPDATE job SET pending_deps = pending_deps - 1 WHERE queue = p_queues[i] AND id = p_ids[i]
      RETURNING pending_deps INTO v_left;
    IF FOUND AND v_left = 0 THEN
      PERFORM move_parent_to_wait(p_queues[i], p_ids[i], p_now);
    END IF;
  END LOOP;
END;
$$;

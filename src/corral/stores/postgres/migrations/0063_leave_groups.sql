-- The groups of members.
CREATE FUNCTION {own}.groups_of(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE sql
AS $$
  SELECT array_agg((SELECT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = key) ORDER BY place)
  FROM unnest(p_ids) WITH ORDINALITY AS n(key, place)
$$;

-- Jobs give their places to the next in line; how many became ready. p_drop: those that are deleted count no more.
-- p_again: those that are to be tried again are parked until they are due, or take their turn at the end of the line.
CREATE FUNCTION {own}.leave_groups(
  p_queue text, p_ids text[], p_drop boolean, p_again text[] DEFAULT '{}', OUT moved integer, OUT emptied text[]
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET jit TO off
AS $$
DECLARE
  v_groups text[];
  v_freed  text[];
  v_now    text[];
  v_dues   jsonb;
BEGIN
  moved := 0;
  emptied := '{}';
  IF p_again <> '{}' THEN -- others in the batch may have no group
    p_again := ARRAY(SELECT job_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_again));
  END IF;
  WITH freed AS (
    UPDATE {own}.group_job SET held = false, turn = NULL
    WHERE queue = p_queue AND job_id = ANY (p_ids || p_again) AND held RETURNING group_id
  )
  SELECT array_agg(group_id) INTO v_freed FROM freed;
  v_groups := v_freed;
  IF p_drop OR p_again <> '{}' THEN -- also the groups of those that hold no place
    v_groups := ARRAY(
      SELECT DISTINCT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids || p_again));
  END IF;
  IF v_groups IS NULL OR v_groups = '{}' THEN
    RETURN;
  END IF;

  IF p_again <> '{}' THEN
    PERFORM {own}.lock_groups(p_queue, v_groups);
    SELECT array_agg(id ORDER BY seq) INTO v_now
    FROM job WHERE queue = p_queue AND id = ANY (p_again) AND state::text = 'waiting';
    SELECT jsonb_object_agg(id, process_at_ms) INTO v_dues
    FROM job WHERE queue = p_queue AND id = ANY (p_again) AND state::text = 'delayed';
    UPDATE job SET state = 'waiting-children' WHERE queue = p_queue AND id = ANY (p_again) AND state::text = 'delayed';
    UPDATE {own}.group_job SET due_ms = (v_dues ->> job_id)::bigint
    WHERE queue = p_queue AND job_id = ANY (p_again) AND v_dues ? job_id;
  END IF;
  moved := {own}.fill_groups(p_queue, v_groups, v_freed);
  IF v_now IS NOT NULL THEN
    PERFORM {own}.enter_groups(p_queue, v_now, {own}.groups_of(p_queue, v_now));
  END IF;
  IF p_drop THEN
    emptied := {own}.drop_members(p_queue, ARRAY(
      SELECT key FROM unnest(p_ids) AS n(key)
      WHERE (SELECT id FROM job WHERE queue = p_queue AND id = key) IS NULL));
  END IF;
END;
$$;

-- What ends of runs mean for groups: p_done are the places of those that were stored, p_drop whether some are not kept.
-- A job that is released, or waits for its children, keeps its place.
CREATE FUNCTION {own}.end_in_groups(
  p_queue text, p_ids text[], p_kinds text[], p_done integer[], p_drop boolean
) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF cardinality(p_done) = cardinality(p_ids) AND 'completed' = ALL (p_kinds) THEN -- as nearly always
    PERFORM {own}.leave_groups(p_queue, p_ids, p_drop);
    RETURN;
  END IF;
  PERFORM {own}.leave_groups(
    p_queue,
    ARRAY(SELECT p_ids[p] FROM unnest(p_done) AS p WHERE p_kinds[p] IN ('completed', 'failed')),
    p_drop,
    ARRAY(SELECT p_ids[p] FROM unnest(p_done) AS p WHERE p_kinds[p] IN ('retried', 'delayed', 'postponed')));
END;
$$;

-- Jobs that a person made wait again take their turn.
CREATE FUNCTION {own}.again_in_groups(p_queue text, p_ids text[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_known text[];
BEGIN
  IF EXISTS (SELECT FROM job WHERE queue = p_queue AND id = ANY (p_ids) AND opts ? 'group') THEN
    v_known := ARRAY(SELECT job_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids));
    PERFORM {own}.leave_groups(p_queue, '{}', false, v_known);
    PERFORM {own}.join_groups(p_queue, p_ids);
  END IF;
END;
$$;

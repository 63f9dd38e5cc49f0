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
  v_groups text[] := ARRAY(
    SELECT DISTINCT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids || p_again));
  v_now    text[];
  v_dues   jsonb;
BEGIN
  moved := 0;
  emptied := '{}';
  IF v_groups = '{}' THEN
    RETURN;
  END IF;
  PERFORM {own}.lock_groups(p_queue, v_groups);
  PERFORM {own}.give_places_back(p_queue, p_ids || p_again);
  IF p_again <> '{}' THEN
    p_again := ARRAY(SELECT job_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_again));
    SELECT array_agg(id ORDER BY seq) INTO v_now
    FROM job WHERE queue = p_queue AND id = ANY (p_again) AND state::text = 'waiting';
    SELECT jsonb_object_agg(id, process_at_ms) INTO v_dues
    FROM job WHERE queue = p_queue AND id = ANY (p_again) AND state::text = 'delayed';
    UPDATE job SET state = 'waiting-children' WHERE queue = p_queue AND id = ANY (p_again) AND state::text = 'delayed';
    UPDATE {own}.group_job SET turn = NULL, due_ms = (v_dues ->> job_id)::bigint
    WHERE queue = p_queue AND job_id = ANY (p_again);
  END IF;
  moved := {own}.fill_groups(p_queue, v_groups);
  IF v_now IS NOT NULL THEN
    PERFORM {own}.enter_groups(p_queue, v_now, {own}.groups_of(p_queue, v_now));
  END IF;
  IF p_drop THEN
    emptied := {own}.drop_deleted(p_queue, p_ids);
  END IF;
END;
$$;

-- Jobs that have ended pass the only places of their groups on to the next in line. False, and all of it is to be rolled
-- back, where one of them holds no such place, where who is next is gone, or where others change a group just now. Who
-- came into a line while this waited for its group is not seen by the statement, so empty lines are looked at again.
CREATE FUNCTION {own}.pass_places_on(p_queue text, p_ids text[], p_groups text[]) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_passed bigint;
  v_next   text[];
  v_empty  text[];
BEGIN
  WITH passed AS (
    UPDATE {own}.job_group AS g SET
      held = CASE WHEN next.turn IS NULL THEN 0 ELSE 1 END, holder = next.job_id, called = coalesce(next.turn, called)
    FROM (
      SELECT key, name FROM unnest(p_ids, p_groups) AS n(key, name) WHERE name IS NOT NULL ORDER BY name
    ) AS ended
    CROSS JOIN LATERAL (
      SELECT ctid, no, called AS last FROM {own}.job_group WHERE queue = p_queue AND id = ended.name OFFSET 0
    ) AS found
    LEFT JOIN LATERAL (
      SELECT m.job_id, m.turn FROM {own}.group_job AS m
      WHERE m.group_no = found.no AND m.turn > found.last
      ORDER BY m.group_no, m.turn LIMIT 1
    ) AS next ON true
    WHERE g.ctid = found.ctid AND g.holder = ended.key AND g.places = 1 AND g.held = 1
    RETURNING g.id, next.job_id, next.turn
  )
  SELECT count(*), array_agg(job_id ORDER BY turn) FILTER (WHERE turn IS NOT NULL),
    array_agg(id) FILTER (WHERE turn IS NULL)
  INTO v_passed, v_next, v_empty FROM passed;
  PERFORM {own}.fill_groups(p_queue, v_empty);
  RETURN v_passed = cardinality(array_remove(p_groups, NULL))
    AND (v_next IS NULL OR cardinality({own}.make_ready(p_queue, v_next)) = cardinality(v_next));
END;
$$;

-- What ends of runs mean for groups: p_done are the places of the jobs whose end was stored, p_drop says whether some are
-- not kept; the rest as `finish` has it. A job that is released, or waits for its children, keeps its place.
CREATE FUNCTION {own}.end_in_groups(
  p_queue text, p_ids text[], p_groups text[], p_several boolean, p_kinds text[], p_done integer[], p_drop boolean
) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF cardinality(p_done) = cardinality(p_ids) AND NOT p_several AND 'completed' = ALL (p_kinds) THEN
    BEGIN -- as nearly always
      IF {own}.pass_places_on(p_queue, p_ids, p_groups) THEN
        IF p_drop THEN
          PERFORM {own}.drop_deleted(p_queue, p_ids);
        END IF;
        RETURN;
      END IF;
      RAISE SQLSTATE 'BM001';
    EXCEPTION WHEN SQLSTATE 'BM001' THEN -- and its locks are gone
    END;
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

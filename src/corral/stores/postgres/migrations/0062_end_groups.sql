-- Jobs give their places to the next in line; how many became ready. p_drop: those that are deleted count no more.
-- p_again: those that are to be tried again are parked until they are due, or take their turn at the end of the line.
CREATE FUNCTION {own}.leave_groups(
  p_queue text, p_ids text[], p_drop boolean, p_again text[] DEFAULT '{}', OUT moved integer, OUT emptied text[]
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_groups text[];
  v_now    text[];
BEGIN
  moved := 0;
  emptied := '{}';
  v_groups := ARRAY(
    SELECT DISTINCT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids || p_again));
  IF v_groups = '{}' THEN
    RETURN;
  END IF;
  PERFORM {own}.lock_groups(p_queue, v_groups);
  WITH freed AS (
    UPDATE {own}.group_job SET held = false
    WHERE queue = p_queue AND job_id = ANY (p_ids || p_again) AND held RETURNING group_id
  )
  UPDATE {own}.job_group AS g SET held = g.held - n.count
  FROM (SELECT group_id, count(*) FROM freed GROUP BY group_id) AS n WHERE g.queue = p_queue AND g.id = n.group_id;

  IF p_again <> '{}' THEN
    v_now := ARRAY(
      SELECT id FROM job WHERE queue = p_queue AND id = ANY (p_again) AND state = 'waiting' ORDER BY seq);
    WITH later AS (
      UPDATE job SET state = 'waiting-children'
      WHERE queue = p_queue AND id = ANY (p_again) AND state = 'delayed' RETURNING id, process_at_ms
    )
    UPDATE {own}.group_job AS m SET due_ms = process_at_ms FROM later WHERE m.queue = p_queue AND m.job_id = later.id;
  END IF;
  moved := {own}.fill_groups(p_queue, v_groups);
  IF v_now <> '{}' THEN
    PERFORM {own}.enter_groups(p_queue, v_now);
  END IF;
  IF p_drop THEN
    emptied := {own}.drop_members(p_queue, ARRAY(
      SELECT key FROM unnest(p_ids) AS n(key)
      WHERE NOT EXISTS (SELECT FROM job WHERE queue = p_queue AND id = key)));
  END IF;
END;
$$;

-- What ends of runs mean for groups: p_done are the places of those that were stored. A job that is released, or
-- waits for its children, keeps its place.
CREATE FUNCTION {own}.end_in_groups(p_queue text, p_ids text[], p_kinds text[], p_done integer[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM {own}.leave_groups(
    p_queue,
    ARRAY(SELECT p_ids[p] FROM unnest(p_done) AS p WHERE p_kinds[p] IN ('completed', 'failed')),
    true,
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

-- promote: jobs of groups that are due take their turn. Answers when the next one is due, or null. Groups that
-- somebody changes just now are left for the next time.
CREATE FUNCTION {own}.promote_groups(p_queue text, p_now bigint, p_most integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_next bigint;
  v_ids  text[];
  v_free text[];
BEGIN
  SELECT due_ms INTO v_next FROM {own}.group_job
  WHERE queue = p_queue AND due_ms IS NOT NULL ORDER BY due_ms LIMIT 1;
  IF v_next IS NULL OR v_next > p_now THEN
    RETURN v_next;
  END IF;
  SELECT array_agg(job_id ORDER BY due_ms, length(job_id), job_id) INTO v_ids FROM (
    SELECT job_id, due_ms FROM {own}.group_job
    WHERE queue = p_queue AND due_ms IS NOT NULL AND due_ms <= p_now ORDER BY due_ms LIMIT p_most
  ) AS due;
  v_free := ARRAY(
    SELECT id FROM {own}.job_group WHERE queue = p_queue AND id IN (
      SELECT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (v_ids)
    ) ORDER BY id FOR UPDATE SKIP LOCKED
  );
  v_ids := ARRAY(
    SELECT n.key FROM unnest(v_ids) WITH ORDINALITY AS n(key, place), {own}.group_job AS m
    WHERE m.queue = p_queue AND m.job_id = n.key AND m.due_ms <= p_now AND m.group_id = ANY (v_free) ORDER BY n.place
  );
  UPDATE job SET state = 'waiting', delay_ms = 0, process_at_ms = NULL, seq = nextval('job_seq')
  WHERE queue = p_queue AND id = ANY (v_ids) AND state = 'waiting-children';
  INSERT INTO event (queue, event, data, created_at_ms)
  SELECT p_queue, 'waiting', jsonb_object(ARRAY['jobId', key, 'prev', 'delayed']), (SELECT {own}.clock_ms())
  FROM unnest(v_ids) AS n(key);
  PERFORM {own}.enter_groups(p_queue, v_ids);
  IF v_ids <> '{}' THEN
    PERFORM pg_notify('bullmq_jobs', p_queue);
    PERFORM {own}.announce(p_queue, cardinality(v_ids));
  END IF;
  RETURN (
    SELECT due_ms FROM {own}.group_job WHERE queue = p_queue AND due_ms IS NOT NULL ORDER BY due_ms LIMIT 1
  );
END;
$$;

-- Of the jobs that a claim has picked, those that have a group but no place of it take their turn; who may run.
CREATE FUNCTION {own}.with_places(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_away text[] := ARRAY(
    SELECT id FROM job WHERE queue = p_queue AND id = ANY (p_ids) AND opts ? 'group' AND {own}.group_of(opts) IS NOT NULL
      AND NOT EXISTS (SELECT FROM {own}.group_job AS m WHERE m.queue = p_queue AND m.job_id = job.id AND m.held));
BEGIN
  IF v_away <> '{}' THEN
    PERFORM {own}.again_in_groups(p_queue, v_away);
  END IF;
  RETURN ARRAY(SELECT key FROM unnest(p_ids) AS n(key) WHERE key <> ALL (v_away));
END;
$$;

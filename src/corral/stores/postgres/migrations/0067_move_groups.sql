-- Ends the delay of a job of a group, or makes it due p_delay ms from now; false when it is not delayed.
CREATE FUNCTION {own}.delay_in_group(p_queue text, p_id text, p_delay bigint, p_now bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_group text;
BEGIN
  SELECT group_id INTO v_group FROM {own}.group_job WHERE queue = p_queue AND job_id = p_id AND due_ms IS NOT NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM {own}.lock_groups(p_queue, ARRAY[v_group]);
  IF p_delay > 0 THEN
    UPDATE {own}.group_job SET due_ms = p_now + p_delay WHERE queue = p_queue AND job_id = p_id AND due_ms IS NOT NULL;
    UPDATE job SET delay_ms = p_delay, process_at_ms = p_now + p_delay WHERE queue = p_queue AND id = p_id;
    PERFORM publish_event(p_queue, 'delayed', jsonb_build_object('jobId', p_id, 'delay', p_now + p_delay));
    RETURN true;
  END IF;
  UPDATE {own}.group_job SET due_ms = 0 WHERE queue = p_queue AND job_id = p_id AND due_ms IS NOT NULL;
  PERFORM {own}.promote_groups(p_queue, 0);
  RETURN true;
END;
$$;

-- Gives the delayed jobs of groups, or those with a group among the ended ones of a state, another turn; how many of
-- the first p_most there were.
CREATE FUNCTION {own}.all_again_in_groups(p_queue text, p_state text, p_most integer, p_until bigint) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_ids text[];
  v_id  text;
BEGIN
  IF NOT EXISTS (SELECT FROM {own}.job_group WHERE queue = p_queue) THEN
    RETURN 0;
  END IF;
  IF p_state = 'delayed' THEN
    v_ids := ARRAY(
      SELECT job_id FROM {own}.group_job WHERE queue = p_queue AND due_ms IS NOT NULL ORDER BY due_ms LIMIT p_most);
    FOREACH v_id IN ARRAY v_ids LOOP
      PERFORM {own}.delay_in_group(p_queue, v_id, 0, 0);
    END LOOP;
  ELSE
    v_ids := ARRAY(
      SELECT id FROM job
      WHERE queue = p_queue AND state = p_state::job_state AND finished_at_ms <= coalesce(p_until, finished_at_ms)
        AND opts ? 'group' AND {own}.group_of(opts) IS NOT NULL
      ORDER BY finished_at_ms, seq LIMIT p_most);
    FOREACH v_id IN ARRAY v_ids LOOP
      PERFORM {own}.retry(p_queue, v_id, p_state, false, false);
    END LOOP;
  END IF;
  RETURN cardinality(v_ids);
END;
$$;

-- Removes up to p_most of the jobs that stand in line, and of the delayed ones if asked; how many were tried.
CREATE FUNCTION {own}.remove_parked(p_queue text, p_with_delayed boolean, p_most integer) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_ids text[] := ARRAY(
    SELECT in_line.job_id FROM {own}.job_group AS g, LATERAL (
      SELECT job_id FROM {own}.group_job WHERE group_no = g.no AND turn > g.called LIMIT p_most
    ) AS in_line
    WHERE g.queue = p_queue
    UNION ALL
    SELECT job_id FROM {own}.group_job WHERE queue = p_queue AND p_with_delayed AND due_ms IS NOT NULL
    LIMIT p_most);
  v_id  text;
BEGIN
  PERFORM {own}.lock_groups(p_queue, ARRAY(
    SELECT DISTINCT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (v_ids)));
  FOREACH v_id IN ARRAY v_ids LOOP
    PERFORM remove(p_queue, v_id, false);
  END LOOP;
  PERFORM {own}.leave_groups(p_queue, v_ids, true);
  RETURN cardinality(v_ids);
END;
$$;

-- sweep: what is due takes its turn, and jobs that foreign programs have ended or removed give their places back. A
-- bounded look: at the holders of the next p_most groups, and at the next p_most members; with p_ids at those alone.
CREATE FUNCTION {own}.sweep_groups(
  p_queue text, p_now bigint, p_most integer, p_ids text[], OUT moved integer, OUT emptied text[]
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_from   {own}.group_sweep;
  v_ids    text[];
  v_groups text[];
BEGIN
  moved := 0;
  emptied := '{}';
  IF p_ids IS NULL AND NOT EXISTS (SELECT FROM {own}.job_group WHERE queue = p_queue) THEN
    RETURN;
  END IF;
  IF p_ids IS NULL THEN
    SELECT count(*) INTO moved FROM (
      SELECT FROM {own}.group_job WHERE queue = p_queue AND due_ms IS NOT NULL AND due_ms <= p_now LIMIT 1000) AS due;
    PERFORM {own}.promote_groups(p_queue, p_now);
    SELECT * INTO v_from FROM {own}.group_sweep WHERE queue = p_queue;
    v_ids := ARRAY(
      SELECT job_id FROM {own}.group_job WHERE queue = p_queue AND job_id > coalesce(v_from.job_id, '')
      ORDER BY job_id LIMIT p_most);
    v_groups := ARRAY(
      SELECT id FROM {own}.job_group WHERE queue = p_queue AND id > coalesce(v_from.group_id, '')
      ORDER BY id LIMIT p_most);
    INSERT INTO {own}.group_sweep VALUES (p_queue, coalesce(v_ids[p_most], ''), coalesce(v_groups[p_most], ''))
    ON CONFLICT (queue) DO UPDATE SET job_id = excluded.job_id, group_id = excluded.group_id;
    p_ids := ARRAY(
      SELECT key FROM unnest(v_ids) AS n(key)
      WHERE (SELECT id FROM job WHERE queue = p_queue AND id = key) IS NULL
      UNION
      SELECT held.key FROM {own}.job_group AS g, LATERAL (
        SELECT g.holder AS key WHERE g.holder IS NOT NULL
        UNION ALL (
          SELECT job_id FROM {own}.group_job
          WHERE group_no = g.no AND turn <= g.called AND held
          ORDER BY group_no, turn LIMIT g.held - (g.holder IS NOT NULL)::integer)
      ) AS held
      WHERE g.queue = p_queue AND g.id = ANY (v_groups) AND g.held > 0 AND coalesce((
        SELECT state::text IN ('completed', 'failed') FROM job WHERE queue = p_queue AND id = held.key), true)
      LIMIT 5000);
  ELSE
    p_ids := ARRAY(
      SELECT job_id FROM {own}.group_job AS m WHERE queue = p_queue AND job_id = ANY (p_ids) AND coalesce((
        SELECT state::text IN ('completed', 'failed') FROM job WHERE queue = p_queue AND id = m.job_id), true));
  END IF;
  IF p_ids <> '{}' THEN
    SELECT sweep_groups.moved + l.moved, l.emptied INTO moved, emptied
    FROM {own}.leave_groups(p_queue, p_ids, true) AS l;
  END IF;
END;
$$;

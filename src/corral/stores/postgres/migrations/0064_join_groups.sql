-- Locks groups for jobs that are to join them and counts those jobs. The last of them says how many places there are;
-- those in line come first.
CREATE FUNCTION {own}.open_groups(p_queue text, p_groups text[], p_places integer[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_raised text[];
BEGIN
  INSERT INTO {own}.job_group AS g (queue, id, places, jobs)
  SELECT p_queue, id, (array_agg(places ORDER BY place DESC))[1], count(*)
  FROM unnest(p_groups, p_places) WITH ORDINALITY AS n(id, places, place) WHERE id IS NOT NULL GROUP BY id ORDER BY id
  ON CONFLICT (queue, id) DO UPDATE SET places = excluded.places, jobs = g.jobs + excluded.jobs;
  v_raised := ARRAY(
    SELECT id FROM {own}.job_group WHERE queue = p_queue AND id = ANY (p_groups) AND held < places AND (
      SELECT turn FROM {own}.group_job WHERE group_no = no AND turn > called ORDER BY group_no, turn LIMIT 1) IS NOT NULL);
  IF v_raised <> '{}' THEN
    PERFORM {own}.fill_groups(p_queue, v_raised);
  END IF;
END;
$$;

-- join: jobs that were just stored become members of the groups that their options name. Those that are delayed wait
-- where no foreign program makes them ready. Jobs without a group, or known already, are left alone.
CREATE FUNCTION {own}.join_groups(p_queue text, p_ids text[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_ids    text[];
  v_groups text[];
  v_places integer[];
  v_dues   bigint[];
  v_known  text[] := ARRAY(SELECT job_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids));
BEGIN
  SELECT array_agg(id ORDER BY abs(seq)), array_agg(name ORDER BY abs(seq)), array_agg(places ORDER BY abs(seq)),
    array_agg(due ORDER BY abs(seq))
  INTO v_ids, v_groups, v_places, v_dues FROM (
    SELECT id, seq, {own}.group_of(opts) AS name, {own}.places_of(opts) AS places,
      CASE WHEN state = 'delayed' THEN process_at_ms END AS due
    FROM job WHERE queue = p_queue AND id = ANY (p_ids) AND opts ? 'group' AND state::text IN ('waiting', 'delayed')
  ) AS stored
  WHERE name IS NOT NULL AND id <> ALL (v_known);
  IF v_ids IS NULL THEN
    RETURN;
  END IF;

  PERFORM {own}.open_groups(p_queue, v_groups, v_places);
  INSERT INTO {own}.group_job (queue, job_id, group_id, group_no, due_ms)
  SELECT p_queue, n.id, name, (SELECT no FROM {own}.job_group WHERE queue = p_queue AND id = name), due
  FROM unnest(v_ids, v_groups, v_dues) AS n(id, name, due) WHERE due IS NOT NULL;

  UPDATE job SET state = 'waiting-children'
  WHERE queue = p_queue AND id = ANY (v_ids) AND state::text = 'delayed';
  SELECT array_agg(id ORDER BY place), array_agg(name ORDER BY place) INTO v_ids, v_groups
  FROM unnest(v_ids, v_groups, v_dues) WITH ORDINALITY AS n(id, name, due, place) WHERE due IS NULL;
  IF v_ids IS NOT NULL THEN
    PERFORM {own}.enter_groups(p_queue, v_ids, v_groups);
  END IF;
END;
$$;

-- The same for entries as {own}.add_each takes them, whose ids are p_ids.
CREATE FUNCTION {own}.join_entries(p_entries jsonb, p_ids text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v record;
BEGIN
  FOR v IN
    SELECT e ->> 'queue' AS queue, array_agg(p_ids[place] ORDER BY place) AS ids
    FROM jsonb_array_elements(p_entries) WITH ORDINALITY AS n(e, place)
    WHERE e #> '{opts,group}' IS NOT NULL GROUP BY 1 ORDER BY 1
  LOOP
    PERFORM {own}.join_groups(v.queue, v.ids);
  END LOOP;
END;
$$;

-- add, for jobs of which some have a group: `p_groups` and `p_places` say which, and null for the others. Jobs whose
-- ids are given anew and that are not delayed are stored at once where they belong.
CREATE FUNCTION {own}.add_grouped(
  p_queue text, p_alone boolean, p_names text[], p_data text[], p_opts text[], p_times bigint[], p_attempts integer[],
  p_ids text[], p_priorities integer[], p_delays bigint[], p_lifos boolean[], p_groups text[], p_places integer[]
) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_places record;
  v_ids    text[];
  v_stale  text[];
BEGIN
  IF p_ids IS NOT NULL OR p_delays IS NOT NULL THEN
    v_ids := {own}.add(
      p_queue, p_alone, p_names, p_data, p_opts, p_times, p_attempts, p_ids, p_priorities, p_delays, p_lifos);
    PERFORM {own}.join_groups(p_queue, v_ids);
    RETURN v_ids;
  END IF;

  PERFORM pg_advisory_xact_lock_shared(hashtext('bullmq:finalization'), hashtext(p_queue)); -- before any group, as all do
  PERFORM {own}.open_groups(p_queue, p_groups, p_places);
  SELECT * INTO v_places FROM {own}.find_places(p_queue, p_groups);
  v_ids := {own}.add(
    p_queue, p_alone, p_names, p_data, p_opts, p_times, p_attempts, NULL, p_priorities, NULL, p_lifos, v_places.parked);
  v_stale := ARRAY( -- groups of jobs that had these ids before a foreign program emptied the queue
    SELECT DISTINCT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (v_ids));
  IF v_stale <> '{}' THEN
    PERFORM {own}.lock_groups(p_queue, v_stale);
    PERFORM {own}.drop_members(p_queue, v_ids);
  END IF;
  PERFORM {own}.take_turns(p_queue, v_ids, p_groups, v_places.numbers, v_places.parked);
  PERFORM {own}.fill_groups(p_queue, v_stale);
  RETURN v_ids;
END;
$$;

-- The functions of groups run inside those that move jobs; each says for itself which plans it allows, as BullMQ's
-- tables may be large while the statistics still call them small.

-- Jobs of locked groups, in no line yet, take a free place or else their turn. They are stored as waiting; who gets no
-- place is parked. In the order of p_ids.
CREATE FUNCTION {own}.enter_groups(p_queue text, p_ids text[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_parked text[];
BEGIN
  WITH entering AS MATERIALIZED (
    SELECT m.job_id, m.group_id, g.places - g.held AS room, n.place,
      row_number() OVER (PARTITION BY m.group_id ORDER BY n.place) AS rank
    FROM unnest(p_ids) WITH ORDINALITY AS n(key, place), {own}.group_job AS m, {own}.job_group AS g
    WHERE m.queue = p_queue AND m.job_id = n.key AND g.queue = p_queue AND g.id = m.group_id
  ), turns AS MATERIALIZED (
    SELECT job_id, group_id, rank <= room AS held, nextval('job_seq') AS turn
    FROM (SELECT * FROM entering ORDER BY place) AS ordered
  ), changed AS (
    UPDATE {own}.group_job AS m SET held = turns.held, turn = CASE WHEN NOT turns.held THEN turns.turn END, due_ms = NULL
    FROM turns WHERE m.queue = p_queue AND m.job_id = turns.job_id
  ), counted AS (
    UPDATE {own}.job_group AS g SET held = g.held + n.count
    FROM (SELECT group_id, count(*) FROM turns WHERE held GROUP BY group_id) AS n
    WHERE g.queue = p_queue AND g.id = n.group_id
  )
  SELECT array_agg(job_id ORDER BY turn) FILTER (WHERE NOT held) INTO v_parked FROM turns;
  IF v_parked IS NULL THEN
    RETURN;
  END IF;
  UPDATE job SET state = 'waiting-children' WHERE queue = p_queue AND id = ANY (v_parked);
  INSERT INTO event (queue, event, data, created_at_ms)
  SELECT p_queue, 'waiting-children', jsonb_object(ARRAY['jobId', key]), (SELECT {own}.clock_ms())
  FROM unnest(v_parked) AS p(key);
  PERFORM {own}.announce(p_queue, cardinality(v_parked));
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
  v_raised text[];
BEGIN
  SELECT array_agg(id ORDER BY abs(seq)), array_agg(name ORDER BY abs(seq)), array_agg(places ORDER BY abs(seq)),
    array_agg(due ORDER BY abs(seq))
  INTO v_ids, v_groups, v_places, v_dues FROM (
    SELECT id, seq, {own}.group_of(opts) AS name, {own}.places_of(opts) AS places,
      CASE WHEN state = 'delayed' THEN process_at_ms END AS due
    FROM job WHERE queue = p_queue AND id = ANY (p_ids) AND opts ? 'group' AND state IN ('waiting', 'delayed')
  ) AS stored
  WHERE name IS NOT NULL
    AND NOT EXISTS (SELECT FROM {own}.group_job AS m WHERE m.queue = p_queue AND m.job_id = stored.id);
  IF v_ids IS NULL THEN
    RETURN;
  END IF;

  v_raised := ARRAY(
    SELECT g.id FROM unnest(v_groups, v_places) AS n(id, places), {own}.job_group AS g
    WHERE g.queue = p_queue AND g.id = n.id AND g.places < n.places
  );
  INSERT INTO {own}.job_group AS g (queue, id, places, jobs)
  SELECT p_queue, id, (array_agg(places ORDER BY place DESC))[1], count(*)
  FROM unnest(v_groups, v_places) WITH ORDINALITY AS n(id, places, place) GROUP BY id ORDER BY id
  ON CONFLICT (queue, id) DO UPDATE SET places = excluded.places, jobs = g.jobs + excluded.jobs;
  INSERT INTO {own}.group_job (queue, job_id, group_id, due_ms)
  SELECT p_queue, id, name, due FROM unnest(v_ids, v_groups, v_dues) AS n(id, name, due);
  IF v_raised <> '{}' THEN
    PERFORM {own}.fill_groups(p_queue, v_raised);
  END IF;

  UPDATE job SET state = 'waiting-children' WHERE queue = p_queue AND id = ANY (v_ids) AND state = 'delayed';
  PERFORM {own}.enter_groups(
    p_queue, ARRAY(SELECT id FROM unnest(v_ids, v_dues) WITH ORDINALITY AS n(id, due, place)
      WHERE due IS NULL ORDER BY place));
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

-- add, for jobs of which some have a group.
CREATE FUNCTION {own}.add_grouped(
  p_queue text, p_alone boolean, p_names text[], p_data text[], p_opts text[], p_times bigint[], p_attempts integer[],
  p_ids text[], p_priorities integer[], p_delays bigint[], p_lifos boolean[]
) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_ids text[] := {own}.add(
    p_queue, p_alone, p_names, p_data, p_opts, p_times, p_attempts, p_ids, p_priorities, p_delays, p_lifos);
BEGIN
  PERFORM {own}.join_groups(p_queue, v_ids);
  RETURN v_ids;
END;
$$;

-- Jobs of locked groups, in no line yet, take a free place or else their turn, in order. They are stored as waiting;
-- who gets no place is parked.
CREATE FUNCTION {own}.enter_groups(p_queue text, p_ids text[], p_groups text[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_room   jsonb;
  v_placed text[];
  v_parked text[];
  v_turns  jsonb;
BEGIN
  SELECT jsonb_object_agg(id, places - held) INTO v_room
  FROM {own}.job_group WHERE queue = p_queue AND id = ANY (p_groups);
  SELECT
    array_agg(name) FILTER (WHERE rank <= (v_room ->> name)::bigint),
    array_agg(key ORDER BY place) FILTER (WHERE rank > (v_room ->> name)::bigint)
  INTO v_placed, v_parked FROM (
    SELECT key, name, place, row_number() OVER (PARTITION BY name ORDER BY place) AS rank
    FROM unnest(p_ids, p_groups) WITH ORDINALITY AS n(key, name, place)
  ) AS ranked;
  v_turns := {own}.turns_of(v_parked);
  INSERT INTO {own}.group_job (queue, job_id, group_id, held, turn)
  SELECT p_queue, key, name, NOT v_turns ? key, (v_turns ->> key)::bigint FROM unnest(p_ids, p_groups) AS n(key, name)
  ON CONFLICT (queue, job_id) DO UPDATE SET held = excluded.held, turn = excluded.turn, due_ms = NULL;
  PERFORM {own}.count_held(p_queue, v_placed, 1);
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

  v_raised := ARRAY(
    SELECT id FROM {own}.job_group WHERE queue = p_queue AND id = ANY (v_groups)
      AND places < (SELECT max(places) FROM unnest(v_places) AS n(places))
  );
  INSERT INTO {own}.job_group AS g (queue, id, places, jobs)
  SELECT p_queue, id, (array_agg(places ORDER BY place DESC))[1], count(*)
  FROM unnest(v_groups, v_places) WITH ORDINALITY AS n(id, places, place) GROUP BY id ORDER BY id
  ON CONFLICT (queue, id) DO UPDATE SET places = excluded.places, jobs = g.jobs + excluded.jobs;
  INSERT INTO {own}.group_job (queue, job_id, group_id, due_ms)
  SELECT p_queue, id, name, due FROM unnest(v_ids, v_groups, v_dues) AS n(id, name, due) WHERE due IS NOT NULL;
  IF v_raised <> '{}' THEN
    PERFORM {own}.fill_groups(p_queue, v_raised);
  END IF;

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

-- The sequence that BullMQ takes the ids of a queue's jobs from; made when the queue is new.
CREATE FUNCTION {own}.id_sequence(p_queue text) RETURNS regclass
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_name text := job_id_seq_name(p_queue);
BEGIN
  IF to_regclass(v_name) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('bullmq:jidseq:' || p_queue));
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I', v_name);
  END IF;
  RETURN v_name::regclass;
END;
$$;

-- add: store jobs in order, all or none, and return their ids. For jobs without parent, deduplication or scheduler.
-- It leaves what a call of BullMQ's add_job for each leaves, with one notification for all. The last four arrays are
-- null where no job has the like; `p_parked`, where nobody gave an id, says of jobs with a group whether they stand in
-- line. A lock, shared with every other add, keeps BullMQ's obliterate out; another lets no two calls with ids of the
-- caller's own wait for each other.
-- p_alone: the transaction is over with this; else it is a caller's and may go on for long, so that it must not hold
-- locks that others want.
CREATE FUNCTION {own}.add(
  p_queue text, p_alone boolean, p_names text[], p_data text[], p_opts text[], p_times bigint[], p_attempts integer[],
  p_ids text[], p_priorities integer[], p_delays bigint[], p_lifos boolean[], p_parked boolean[] DEFAULT NULL
) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_count  bigint := cardinality(p_names);
  v_source regclass := {own}.id_sequence(p_queue);
  v_ids    text[];
  v_stored text[];
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('bullmq:finalization'), hashtext(p_queue));
  IF p_ids IS NULL THEN
    SELECT array_agg(nextval(v_source)::text) INTO v_ids FROM generate_series(1, v_count);
  ELSE
    IF p_alone AND v_count > 1 THEN
      PERFORM pg_advisory_xact_lock(hashtext('corral:add'), hashtext(p_queue));
    END IF;
    SELECT array_agg(coalesce(g.id, nextval(v_source)::text) ORDER BY g.place) INTO v_ids
    FROM unnest(p_ids) WITH ORDINALITY AS g(id, place);
  END IF;

  WITH stored AS (
    INSERT INTO job (
      queue, id, seq, name, state, data, opts, priority, delay_ms, max_attempts, added_at_ms, process_at_ms,
      locked_until_ms
    )
    SELECT
      p_queue, g.id, CASE WHEN g.lifo THEN -nextval('job_seq') ELSE nextval('job_seq') END, g.name,
      CASE WHEN g.delay > 0 THEN 'delayed'::job_state WHEN g.parked THEN 'waiting-children'::job_state
           ELSE 'waiting'::job_state END,
      g.data::jsonb, g.opts::jsonb, coalesce(g.priority, 0), coalesce(g.delay, 0), g.attempts, g.added,
      CASE WHEN g.delay > 0 THEN g.added + g.delay END, CASE WHEN NOT g.parked THEN 0 END
    FROM unnest(v_ids, p_names, p_data, p_opts, p_times, p_attempts, p_priorities, p_delays, p_lifos, p_parked)
      AS g(id, name, data, opts, added, attempts, priority, delay, lifo, parked)
    ON CONFLICT (queue, id) DO NOTHING
    RETURNING id
  )
  SELECT array_agg(id) INTO v_stored FROM stored;

  IF cardinality(v_stored) = v_count THEN
    PERFORM {own}.tell_added(p_queue, v_ids, p_names, p_times, p_delays);
  ELSE
    PERFORM {own}.tell_known(p_queue, v_ids, v_stored, p_names, p_times, p_delays);
  END IF;
  IF v_stored IS NOT NULL THEN
    PERFORM pg_notify('bullmq_jobs', p_queue);
  END IF;
  IF p_alone THEN
    PERFORM {own}.announce(p_queue, 2 * v_count);
  ELSE
    PERFORM pg_notify('bullmq_events', p_queue);
  END IF;
  RETURN v_ids;
END;
$$;

-- The events of jobs that were stored.
CREATE FUNCTION {own}.tell_added(
  p_queue text, p_ids text[], p_names text[], p_times bigint[], p_delays bigint[]
) RETURNS void
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
  INSERT INTO event (queue, event, data, created_at_ms)
  SELECT p_queue, e.event, e.data, (SELECT {own}.clock_ms())
  FROM unnest(p_ids, p_names, p_times, p_delays) AS g(id, name, added, delay),
    LATERAL (VALUES
      ('added', jsonb_build_object('jobId', g.id, 'name', g.name)),
      (CASE WHEN g.delay > 0 THEN 'delayed' ELSE 'waiting' END,
       CASE WHEN g.delay > 0 THEN jsonb_build_object('jobId', g.id, 'delay', g.added + g.delay)
            ELSE jsonb_build_object('jobId', g.id) END)
    ) AS e(event, data)
$$;

-- The events of a batch in which ids were known already, or came twice: the first with an id that is new was stored.
CREATE FUNCTION {own}.tell_known(
  p_queue text, p_ids text[], p_stored text[], p_names text[], p_times bigint[], p_delays bigint[]
) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_left text[] := p_stored;
BEGIN
  FOR i IN 1 .. cardinality(p_ids) LOOP
    IF p_ids[i] = ANY (v_left) THEN
      v_left := array_remove(v_left, p_ids[i]);
      PERFORM {own}.tell_added(
        p_queue, p_ids[i:i], p_names[i:i], p_times[i:i], p_delays[i:i]);
    ELSE
      INSERT INTO event (queue, event, data, created_at_ms)
      VALUES (p_queue, 'duplicated', jsonb_build_object('jobId', p_ids[i]), {own}.clock_ms());
    END IF;
  END LOOP;
END;
$$;

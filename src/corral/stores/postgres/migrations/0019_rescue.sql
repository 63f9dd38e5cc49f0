-- rescue: jobs whose lock ran out become waiting again, if they were seen active by the pass before this one, as in
-- BullMQ's move_stalled_jobs_to_wait; that one reads the whole table, this one the active jobs. A pass is made only
-- p_every_ms after the last, whoever made it. A job that is being finished or renewed just now is left alone.
CREATE FUNCTION {own}.rescue(p_queue text, p_max_stalled integer, p_every_ms bigint, p_now bigint) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
AS $$
DECLARE
  v_last bigint;
  v_tids tid[];
  v_ids  text[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('corral:rescue'), hashtext(p_queue)) THEN
    RETURN '{}';
  END IF;
  SELECT value::bigint INTO v_last FROM meta WHERE queue = p_queue AND field = 'stalled-check';
  IF p_now < v_last + p_every_ms THEN
    RETURN '{}';
  END IF;
  INSERT INTO meta VALUES (p_queue, 'stalled-check', p_now)
  ON CONFLICT (queue, field) DO UPDATE SET value = excluded.value;

  SELECT array_agg(ctid), coalesce(array_agg(id), '{}') INTO v_tids, v_ids FROM (
    SELECT ctid, id FROM job
    WHERE queue = p_queue AND state = 'active' AND stalled_marked AND locked_until_ms < p_now
    ORDER BY locked_until_ms FOR UPDATE SKIP LOCKED
  ) AS stalled;
  UPDATE job SET
    state = 'waiting', seq = nextval('job_seq'), lock_token = NULL, locked_until_ms = NULL, stalled_marked = false,
    stalled_count = stalled_count + 1,
    deferred_failure = CASE
      WHEN stalled_count >= p_max_stalled AND NOT EXISTS (
        SELECT FROM scheduler s WHERE s.queue = p_queue AND s.scheduler_id = job.scheduler_id
      ) THEN 'job stalled more than allowable limit'
      ELSE deferred_failure
    END
  WHERE ctid = ANY (v_tids);

  v_tids := ARRAY(
    SELECT ctid FROM job WHERE queue = p_queue AND state = 'active' AND NOT stalled_marked FOR UPDATE SKIP LOCKED
  );
  UPDATE job SET stalled_marked = true WHERE ctid = ANY (v_tids);

  IF v_ids <> '{}' THEN
    INSERT INTO event (queue, event, data, created_at_ms)
    SELECT p_queue, 'stalled', jsonb_build_object('jobId', key), (SELECT {own}.clock_ms()) FROM unnest(v_ids) AS s(key);
    PERFORM pg_notify('bullmq_jobs', p_queue);
    PERFORM {own}.announce(p_queue, cardinality(v_ids));
  END IF;
  RETURN v_ids;
END;
$$;

-- renew: keep locks for another p_lock_ms; returns the ids of those that are no longer held. What is being finished
-- just now needs no renewal and is not waited for.
CREATE FUNCTION {own}.renew(p_queue text, p_ids text[], p_tokens text[], p_lock_ms bigint) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
AS $$
DECLARE
  v_lost text[];
  v_tids tid[];
BEGIN
  SELECT array_agg(h.key) INTO v_lost
  FROM unnest(p_ids, p_tokens) AS h(key, token)
  WHERE (
    SELECT true FROM job WHERE queue = p_queue AND id = h.key AND state::text = 'active' AND lock_token = h.token
  ) IS NULL; -- a question for each, as one for all could be answered by going through the table
  v_tids := ARRAY(
    SELECT held.ctid FROM unnest(p_ids, p_tokens) AS h(key, token), LATERAL (
      SELECT ctid FROM job
      WHERE queue = p_queue AND id = h.key AND state::text = 'active' AND lock_token = h.token
      FOR UPDATE SKIP LOCKED
    ) AS held
  );
  UPDATE job SET locked_until_ms = greatest(locked_until_ms, {own}.clock_ms() + p_lock_ms)
  WHERE ctid = ANY (v_tids);
  RETURN coalesce(v_lost, '{}');
END;
$$;

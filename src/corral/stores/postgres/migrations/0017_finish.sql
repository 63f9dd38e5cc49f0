-- Store one end by BullMQ's function for it. Raises what that refuses, as BM001 with its code.
CREATE FUNCTION {own}.finish_one(
  p_queue text, p_now bigint, p_id text, p_token text, p_kind text, p_value text, p_trace text, p_delay bigint,
  p_lifo boolean, p_discard boolean
) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_code integer := 1;
  v_job  job;
BEGIN
  CASE p_kind
    WHEN 'completed' THEN
      PERFORM move_to_completed(p_queue, p_id, p_token, p_value::jsonb, p_now, p_discard, NULL, NULL);
    WHEN 'failed' THEN
      PERFORM move_to_failed(p_queue, p_id, p_token, p_value, p_trace::jsonb, p_now, p_discard, NULL, NULL);
    WHEN 'retried' THEN
      PERFORM retry_job(p_queue, p_id, p_token, p_lifo, p_value, p_trace::jsonb);
    WHEN 'delayed' THEN
      PERFORM move_to_delayed(p_queue, p_id, p_token, p_now + p_delay, p_delay, false, p_value, p_trace::jsonb);
    WHEN 'postponed' THEN
      PERFORM move_to_delayed(p_queue, p_id, p_token, p_now + p_delay, p_delay, true, NULL, NULL);
    WHEN 'awaiting' THEN
      v_code := move_to_waiting_children(p_queue, p_id, p_token);
    ELSE -- released: all that could be are
      SELECT * INTO v_job FROM job WHERE queue = p_queue AND id = p_id;
      v_code := CASE WHEN NOT FOUND THEN -1 WHEN v_job.state <> 'active' THEN -3 ELSE -6 END;
  END CASE;
  IF v_code <> 1 THEN
    RAISE EXCEPTION 'job % was not %', p_id, p_kind USING ERRCODE = 'BM001', DETAIL = v_code;
  END IF;
END;
$$;

-- finish: store how runs ended, each or not at all, then claim the next jobs (p_claim null: none). What is refused
-- comes back as a fact; its code is BullMQ's (0: no children to wait for) or, for a value that cannot be stored, null.
-- The last three arrays are null where nothing of the kind is asked for.
CREATE FUNCTION {own}.finish(
  p_queue text, p_now bigint, p_points integer, p_ids text[], p_tokens text[], p_kinds text[], p_values text[],
  p_traces text[], p_delays bigint[], p_lifos boolean[], p_discards boolean[], p_ages bigint[], p_counts bigint[],
  p_claim integer, p_owner text, p_serial bigint, p_lock_ms bigint, p_max bigint, p_duration bigint, p_name text
) RETURNS SETOF {own}.taken
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_done  integer[] := '{}';
  v_ended bigint[];
  v_code  text;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('bullmq:finalization'), hashtext(p_queue));
  BEGIN
    v_done := {own}.settle(
      p_queue, p_now, p_ids, p_tokens, p_kinds, p_values, p_traces, p_delays, p_lifos, p_discards);
    IF p_discards IS NOT NULL THEN
      v_done := v_done || {own}.discard(p_queue, p_ids, p_tokens, p_kinds, p_values, p_discards);
    END IF;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    v_done := '{}'; -- one value is not for Postgres; the loop below finds which
  END;
  IF v_done <> '{}' THEN
    PERFORM {own}.after_ends(p_queue, v_done, p_kinds);
  END IF;

  FOR i IN 1 .. cardinality(p_ids) LOOP
    CONTINUE WHEN i = ANY (v_done);
    BEGIN
      PERFORM {own}.finish_one(
        p_queue, p_now, p_ids[i], p_tokens[i], p_kinds[i], p_values[i], p_traces[i], p_delays[i], p_lifos[i],
        coalesce(p_discards[i], false));
      v_done := v_done || i;
    EXCEPTION
      WHEN SQLSTATE 'BM001' THEN
        GET STACKED DIAGNOSTICS v_code = PG_EXCEPTION_DETAIL;
        RETURN NEXT {own}.fact('refused', v_code::bigint, p_tokens[i]);
      WHEN data_exception OR program_limit_exceeded THEN
        RETURN NEXT {own}.fact('refused', NULL, p_tokens[i], SQLERRM);
    END;
  END LOOP;

  IF p_ages IS NOT NULL OR p_counts IS NOT NULL THEN
    PERFORM {own}.retain(p_queue, e.kind::job_state, p_now, e.age, e.count) FROM (
      SELECT DISTINCT kind, age, count
      FROM unnest(p_kinds, p_discards, p_ages, p_counts) AS g(kind, discard, age, count)
      WHERE kind IN ('completed', 'failed') AND discard IS NOT TRUE
    ) AS e;
  END IF;
  IF p_claim IS NOT NULL THEN
    RETURN QUERY SELECT * FROM {own}.claim(
      p_queue, p_claim, p_owner, p_serial, p_lock_ms, p_now, p_max, p_duration, p_name);
  END IF;
  SELECT ARRAY[count(*) FILTER (WHERE p_kinds[p] = 'completed'), count(*) FILTER (WHERE p_kinds[p] = 'failed')]
    INTO v_ended FROM unnest(v_done) AS p;
  PERFORM {own}.count_ended(p_queue, 'completed', p_points, p_now, v_ended[1]);
  PERFORM {own}.count_ended(p_queue, 'failed', p_points, p_now, v_ended[2]);
END;
$$;

-- Tell what the ends of jobs mean for those who wait: for jobs that can be run again, for events, for an empty queue.
CREATE FUNCTION {own}.after_ends(p_queue text, p_done integer[], p_kinds text[]) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_count bigint := cardinality(p_done);
BEGIN
  IF EXISTS (SELECT FROM unnest(p_done) AS p WHERE p_kinds[p] NOT IN ('completed', 'failed')) THEN
    PERFORM pg_notify('bullmq_jobs', p_queue);
  END IF;
  IF EXISTS (SELECT FROM unnest(p_done) AS p WHERE p_kinds[p] IN ('completed', 'failed'))
    AND {own}.is_drained(p_queue)
  THEN
    INSERT INTO event (queue, event, data, created_at_ms) VALUES (p_queue, 'drained', '{}', {own}.clock_ms());
    v_count := v_count + 1;
  END IF;
  PERFORM {own}.announce(p_queue, v_count);
END;
$$;

-- Store one end by BullMQ's function for it. Raises what that refuses, as BM001 with its code.
CREATE FUNCTION {own}.finish_one(
  p_queue text, p_now bigint, p_id text, p_token text, p_kind text, p_value text, p_trace text, p_delay bigint,
  p_lifo boolean, p_discard boolean
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_code integer := 1;
  v_end  bigint := {own}.since((SELECT processed_at_ms FROM job WHERE queue = p_queue AND id = p_id), p_now);
  v_job  job;
BEGIN
  CASE p_kind
    WHEN 'completed' THEN
      PERFORM move_to_completed(p_queue, p_id, p_token, p_value::jsonb, v_end, p_discard, NULL, NULL);
    WHEN 'failed' THEN
      PERFORM move_to_failed(p_queue, p_id, p_token, p_value, p_trace::jsonb, v_end, p_discard, NULL, NULL);
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

-- What the ends of jobs mean for those who wait: for jobs that can be run again, and for an empty queue. Answers how
-- many events that made.
CREATE FUNCTION {own}.after_ends(p_queue text, p_done integer[], p_kinds text[]) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
  v_kinds text[] := ARRAY(SELECT DISTINCT p_kinds[p] FROM unnest(p_done) AS p);
BEGIN
  IF v_kinds && '{retried,delayed,postponed,released}' THEN
    PERFORM pg_notify('bullmq_jobs', p_queue);
  END IF;
  IF v_kinds && '{completed,failed}' AND {own}.is_drained(p_queue) THEN
    INSERT INTO event (queue, event, data, created_at_ms) VALUES (p_queue, 'drained', '{}', {own}.clock_ms());
    RETURN cardinality(p_done) + 1;
  END IF;
  RETURN cardinality(p_done);
END;
$$;

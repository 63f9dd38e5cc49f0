-- take: move one waiting job to active under a lock, as a claim would if it came next, under the same locks. It may
-- also be delayed and due. `code` is null, or -1: no such job, -3: not waiting, -20: the queue is paused, -21: as many
-- are active as it allows, -22: its rate limit is used up.
CREATE FUNCTION {own}.take_job(p_queue text, p_id text, p_token text, p_lock_ms bigint, p_now bigint)
RETURNS TABLE (
  id text, name text, data jsonb, opts jsonb, progress jsonb, return_value jsonb, stacktrace jsonb, delay_ms bigint,
  priority integer, attempts_started integer, attempts_made integer, stalled_count integer, added_at_ms bigint,
  failed_reason text, finished_at_ms bigint, processed_at_ms bigint, dedup_id text, scheduler_id text,
  parent_queue text, parent_id text, parent_key text, processed_by text, deferred_failure text, code integer
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
  v_state job_state;
  v_due   bigint;
  v_room  record;
BEGIN
  SELECT j.state, j.process_at_ms INTO v_state, v_due FROM job j WHERE j.queue = p_queue AND j.id = p_id;
  IF NOT FOUND THEN
    code := -1;
  ELSIF v_state <> 'waiting' AND NOT (v_state = 'delayed' AND v_due <= p_now) THEN
    code := -3;
  ELSE
    SELECT * INTO v_room FROM {own}.room(p_queue, 1, p_now, NULL, NULL);
    code := CASE WHEN v_room.room > 0 THEN NULL ELSE CASE v_room.bound
      WHEN 'paused' THEN -20 WHEN 'maxed' THEN -21 ELSE -22 END END;
  END IF;
  IF code IS NOT NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  UPDATE job j SET
    state = 'active', lock_token = p_token, locked_until_ms = p_now + p_lock_ms,
    processed_at_ms = {own}.since(j.added_at_ms, p_now),
    attempts_started = j.attempts_started + 1, stalled_marked = false, delay_ms = 0
  WHERE j.queue = p_queue AND j.id = p_id AND j.state = v_state;
  IF NOT FOUND THEN
    code := -3;
    RETURN NEXT;
    RETURN;
  END IF;
  IF v_room.duration IS NOT NULL THEN
    PERFORM {own}.consume(p_queue, 1, v_room.duration, p_now);
  END IF;
  INSERT INTO event (queue, event, data, created_at_ms)
  VALUES (p_queue, 'active', jsonb_build_object('jobId', p_id, 'prev', 'waiting'), {own}.clock_ms());
  PERFORM {own}.announce(p_queue, 1);
  RETURN QUERY SELECT
    j.id, j.name, j.data, j.opts, j.progress, j.return_value, j.stacktrace, j.delay_ms, j.priority,
    j.attempts_started, j.attempts_made, j.stalled_count, j.added_at_ms, j.failed_reason, j.finished_at_ms,
    j.processed_at_ms, j.dedup_id, j.scheduler_id, j.parent_queue, j.parent_id, j.parent_key, j.processed_by,
    j.deferred_failure, NULL::integer
  FROM job j WHERE j.queue = p_queue AND j.id = p_id;
END;
$$;

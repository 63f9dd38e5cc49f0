-- retain: of the finished jobs of a state, remove those that ended at least p_age seconds ago and those beyond the
-- newest p_count, each up to a thousand. null: no such limit.
CREATE FUNCTION {own}.retain(p_queue text, p_state job_state, p_now bigint, p_age bigint, p_count bigint) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_ids text[] := '{}';
BEGIN
  IF p_age >= 0 THEN
    v_ids := ARRAY(
      SELECT id FROM job
      WHERE queue = p_queue AND state = p_state AND state IN ('completed', 'failed')
        AND finished_at_ms <= p_now - p_age * 1000
      ORDER BY finished_at_ms LIMIT 1000 FOR UPDATE SKIP LOCKED
    );
  END IF;
  IF p_count >= 0 THEN
    v_ids := v_ids || ARRAY(
      SELECT id FROM job
      WHERE queue = p_queue AND state = p_state AND state IN ('completed', 'failed')
      ORDER BY finished_at_ms DESC, seq DESC OFFSET p_count LIMIT 1000
    );
  END IF;
  IF v_ids <> '{}' THEN
    DELETE FROM job USING unnest(v_ids) AS old(key)
    WHERE job.queue = p_queue AND job.id = old.key AND job.state = p_state;
  END IF;
END;
$$;

-- Whether nothing runs in the queue and nothing is left that could. Both indexes are read from their new end: the
-- other is full of what was there once.
CREATE FUNCTION {own}.is_drained(p_queue text) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_sort TO off
SET jit TO off
AS $$
DECLARE
  v_found integer;
BEGIN
  SELECT 1 INTO v_found FROM job
  WHERE queue = p_queue AND state = 'active' ORDER BY locked_until_ms DESC LIMIT 1;
  IF FOUND THEN
    RETURN false;
  END IF;
  SELECT 1 INTO v_found FROM job
  WHERE queue = p_queue AND state = 'waiting' ORDER BY priority DESC, seq DESC LIMIT 1;
  RETURN NOT FOUND OR EXISTS (SELECT FROM meta WHERE queue = p_queue AND field = 'paused' AND value = '1');
END;
$$;

-- Count what ended for good, as a call of BullMQ's collect_metrics for each does.
CREATE FUNCTION {own}.count_ended(p_queue text, p_kind text, p_points integer, p_now bigint, p_count bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
  IF p_count > 0 AND p_points > 0 THEN
    PERFORM collect_metrics(p_queue, p_kind, p_points, p_now);
    UPDATE metrics SET count = count + p_count - 1 WHERE queue = p_queue AND kind = p_kind AND p_count > 1;
  END IF;
END;
$$;

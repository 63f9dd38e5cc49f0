-- retain: of the finished jobs of a state, remove those that ended at least p_age seconds ago and those beyond the
-- newest p_count, each up to a thousand. null: no such limit. Finding those beyond means counting so many, so that a
-- count over a thousand is looked at only now and then, and some two in a hundred more are kept meanwhile. p_ended:
-- how many have ended just now.
CREATE FUNCTION {own}.retain(
  p_queue text, p_state job_state, p_now bigint, p_age bigint, p_count bigint, p_ended bigint
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_ids  text[] := '{}';
  v_last bigint := currval('event_seq');
  v_step bigint := greatest(p_count / 50, 1);
BEGIN
  IF p_age >= 0 THEN
    v_ids := ARRAY(
      SELECT id FROM job
      WHERE queue = p_queue AND state = p_state AND state IN ('completed', 'failed')
        AND finished_at_ms <= p_now - p_age * 1000
      ORDER BY finished_at_ms LIMIT 1000 FOR UPDATE SKIP LOCKED
    );
  END IF;
  IF p_count >= 0 AND (p_count <= 1000 OR v_last / v_step <> (v_last - p_ended) / v_step) THEN
    v_ids := v_ids || ARRAY(
      SELECT id FROM job
      WHERE queue = p_queue AND state = p_state AND state IN ('completed', 'failed')
      ORDER BY finished_at_ms DESC, seq DESC OFFSET p_count LIMIT 1000
    );
  END IF;
  IF v_ids <> '{}' THEN
    DELETE FROM job WHERE queue = p_queue AND id = ANY (v_ids) AND state::text = p_state::text;
  END IF;
END;
$$;

-- Whether nothing runs in the queue and nothing is left that could. Both indexes are read from their new end: the
-- other may be full of what was there once.
CREATE FUNCTION {own}.is_drained(p_queue text) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_paused boolean := EXISTS (SELECT FROM meta WHERE queue = p_queue AND field = 'paused' AND value = '1');
  v_found  integer;
BEGIN
  IF NOT v_paused THEN
    SELECT 1 INTO v_found FROM job
    WHERE queue = p_queue AND state = 'waiting' ORDER BY priority DESC, seq DESC LIMIT 1;
  END IF;
  IF v_found IS NULL THEN
    SELECT 1 INTO v_found FROM job
    WHERE queue = p_queue AND state = 'active' ORDER BY locked_until_ms DESC LIMIT 1;
  END IF;
  RETURN v_found IS NULL;
END;
$$;

-- Count what ended for good, as a call of BullMQ's collect_metrics for each does.
CREATE FUNCTION {own}.count_ended(p_queue text, p_points integer, p_now bigint, p_kinds text[], p_done integer[])
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_kind  text;
  v_count bigint;
BEGIN
  FOR v_kind, v_count IN
    SELECT p_kinds[p], count(*) FROM unnest(p_done) AS p
    WHERE p_kinds[p] IN ('completed', 'failed') GROUP BY 1 ORDER BY 1
  LOOP
    PERFORM collect_metrics(p_queue, v_kind, p_points, p_now);
    IF v_count > 1 THEN
      UPDATE metrics SET count = count + v_count - 1 WHERE queue = p_queue AND kind = v_kind;
    END IF;
  END LOOP;
END;
$$;

-- Retention for each of the limits that jobs of a batch ended with.
CREATE FUNCTION {own}.retain_all(
  p_queue text, p_now bigint, p_kinds text[], p_discards boolean[], p_ages bigint[], p_counts bigint[]
) RETURNS void
LANGUAGE sql
AS $$
  SELECT {own}.retain(p_queue, e.kind::job_state, p_now, e.age, e.count, cardinality(p_kinds)) FROM (
    SELECT DISTINCT kind, age, count
    FROM unnest(p_kinds, p_discards, p_ages, p_counts) AS g(kind, discard, age, count)
    WHERE kind IN ('completed', 'failed') AND discard IS NOT TRUE AND (age IS NOT NULL OR count IS NOT NULL)
  ) AS e
$$;

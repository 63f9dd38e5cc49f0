-- claim: promote what is due, then move up to n jobs to active, each under a lock of its own, token i being
-- owner:(serial + i). The same moves, under the same locks, as n calls of BullMQ's move_to_active. It reads an index
-- in its order and stops: whatever the statistics say, no other plan is allowed.
CREATE FUNCTION {own}.claim(
  p_queue text, p_count integer, p_owner text, p_serial bigint, p_lock_ms bigint, p_now bigint,
  p_max bigint, p_duration bigint, p_name text
) RETURNS SETOF {own}.taken
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET jit TO off
AS $$
DECLARE
  v_due      bigint := {own}.promote_due(p_queue, p_now);
  v_rules    jsonb;
  v_max      bigint;
  v_duration bigint;
  v_room     bigint;
  v_left     bigint;
  v_ids      text[];
BEGIN
  SELECT jsonb_object_agg(field, value) INTO v_rules
  FROM meta WHERE queue = p_queue AND field IN ('paused', 'concurrency', 'max', 'duration');
  IF v_rules ->> 'paused' = '1' THEN
    RETURN NEXT {own}.fact('due', v_due);
    RETURN;
  END IF;

  v_room := (v_rules ->> 'concurrency')::bigint;
  IF v_room IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('bullmq:concurrency:' || p_queue));
    v_room := v_room - (SELECT count(*) FROM job WHERE queue = p_queue AND state = 'active');
    IF v_room <= 0 THEN
      RETURN NEXT {own}.fact('maxed', 1);
      RETURN;
    END IF;
  END IF;

  v_max := coalesce((v_rules ->> 'max')::bigint, p_max);
  v_duration := coalesce(p_duration, (v_rules ->> 'duration')::bigint);
  IF v_max IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('bullmq:limiter:' || p_queue));
    SELECT v_max - CASE WHEN expire_at_ms > p_now THEN points ELSE 0 END INTO v_left
    FROM rate_limit WHERE queue = p_queue;
    v_left := coalesce(v_left, v_max);
    IF v_left <= 0 THEN
      RETURN NEXT {own}.fact('limited', {own}.limited_ms(p_queue, p_now));
      RETURN;
    END IF;
  END IF;

  v_ids := ARRAY(
    SELECT id FROM job WHERE queue = p_queue AND state = 'waiting'
    ORDER BY priority, seq LIMIT least(p_count, v_room, v_left) FOR UPDATE SKIP LOCKED
  );
  IF v_ids = '{}' THEN
    RETURN NEXT {own}.fact('due', v_due);
    RETURN;
  END IF;

  RETURN QUERY
  UPDATE job SET
    state = 'active', lock_token = p_owner || ':' || p_serial + picked.place - 1, locked_until_ms = p_now + p_lock_ms,
    processed_at_ms = p_now, processed_by = p_name, attempts_started = job.attempts_started + 1,
    stalled_marked = false
  FROM unnest(v_ids) WITH ORDINALITY AS picked(key, place)
  WHERE job.queue = p_queue AND job.id = picked.key
  RETURNING {job}, NULL::text, picked.place - 1, NULL::text, NULL::text;

  INSERT INTO event (queue, event, data, created_at_ms)
  SELECT p_queue, 'active', jsonb_build_object('jobId', picked.id, 'prev', 'waiting'), (SELECT {own}.clock_ms())
  FROM unnest(v_ids) AS picked(id);
  PERFORM {own}.announce(p_queue, cardinality(v_ids));

  IF v_max IS NOT NULL AND v_duration IS NOT NULL THEN
    PERFORM {own}.consume(p_queue, cardinality(v_ids), v_duration, p_now);
  END IF;
  IF cardinality(v_ids) < p_count THEN
    RETURN NEXT {own}.fact('due', v_due);
    IF cardinality(v_ids) = v_left THEN
      RETURN NEXT {own}.fact('limited', {own}.limited_ms(p_queue, p_now));
    ELSIF cardinality(v_ids) = v_room THEN
      RETURN NEXT {own}.fact('maxed', 1);
    END IF;
  END IF;
END;
$$;

-- Use up tokens of the rate limit; the first of a window begin it.
CREATE FUNCTION {own}.consume(p_queue text, p_count bigint, p_duration bigint, p_now bigint) RETURNS void
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
  INSERT INTO rate_limit AS l (queue, points, expire_at_ms) VALUES (p_queue, p_count, p_now + p_duration)
  ON CONFLICT (queue) DO UPDATE SET
    points = CASE WHEN l.expire_at_ms <= p_now THEN 0 ELSE l.points END + p_count,
    expire_at_ms = CASE WHEN l.expire_at_ms <= p_now THEN p_now + p_duration ELSE l.expire_at_ms END
$$;

CREATE FUNCTION {own}.limited_ms(p_queue text, p_now bigint) RETURNS bigint
LANGUAGE sql
SET search_path FROM CURRENT
AS $$ SELECT greatest(expire_at_ms - p_now, 0) FROM rate_limit WHERE queue = p_queue $$;

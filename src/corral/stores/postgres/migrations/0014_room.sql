-- How many of p_count jobs may be claimed now, under the locks of BullMQ's move_to_active. `bound` says what holds
-- when fewer may: paused, maxed or limited; `duration` (ms) is set where claimed jobs use up a rate limit.
CREATE FUNCTION {own}.room(
  p_queue text, p_count bigint, p_now bigint, p_max bigint, p_duration bigint,
  OUT room bigint, OUT bound text, OUT duration bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
  v_rules jsonb;
  v_free  bigint;
  v_max   bigint;
BEGIN
  room := p_count;
  SELECT jsonb_object_agg(field, value) INTO v_rules
  FROM meta WHERE queue = p_queue AND field IN ('paused', 'concurrency', 'max', 'duration');
  IF v_rules ->> 'paused' = '1' THEN
    room := 0;
    bound := 'paused';
    RETURN;
  END IF;

  IF v_rules ->> 'concurrency' IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('bullmq:concurrency:' || p_queue));
    v_free := (v_rules ->> 'concurrency')::bigint
      - (SELECT count(*) FROM job WHERE queue = p_queue AND state = 'active');
    IF v_free < room THEN
      room := greatest(v_free, 0);
      bound := 'maxed';
    END IF;
  END IF;

  v_max := coalesce((v_rules ->> 'max')::bigint, p_max);
  IF v_max IS NOT NULL AND room > 0 THEN
    duration := coalesce(p_duration, (v_rules ->> 'duration')::bigint);
    PERFORM pg_advisory_xact_lock(hashtext('bullmq:limiter:' || p_queue));
    v_free := v_max - coalesce((SELECT points FROM rate_limit WHERE queue = p_queue AND expire_at_ms > p_now), 0);
    IF v_free < room THEN
      room := greatest(v_free, 0);
      bound := 'limited';
    END IF;
  END IF;
END;
$$;

-- Use up tokens of the rate limit; the first of a window begin it.
CREATE FUNCTION {own}.consume(p_queue text, p_count bigint, p_duration bigint, p_now bigint) RETURNS void
LANGUAGE sql
AS $$
  INSERT INTO rate_limit AS l (queue, points, expire_at_ms) VALUES (p_queue, p_count, p_now + p_duration)
  ON CONFLICT (queue) DO UPDATE SET
    points = CASE WHEN l.expire_at_ms <= p_now THEN 0 ELSE l.points END + p_count,
    expire_at_ms = CASE WHEN l.expire_at_ms <= p_now THEN p_now + p_duration ELSE l.expire_at_ms END
$$;

-- What bounds a claim, as a fact.
CREATE FUNCTION {own}.bound_fact(p_queue text, p_bound text, p_now bigint) RETURNS {own}.taken
LANGUAGE sql
AS $$
  SELECT {own}.fact(p_bound, CASE WHEN p_bound = 'limited' THEN
    (SELECT greatest(expire_at_ms - p_now, 0) FROM rate_limit WHERE queue = p_queue) END)
$$;

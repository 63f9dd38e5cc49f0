-- Another text after every change of what was put; the same after a run.
CREATE FUNCTION {own}.revision(s scheduler) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT md5(jsonb_build_array(s.name, s.template_data, s.template_opts, s.limit_count, s.start_date_ms, s.end_date_ms,
    s.tz, s.pattern, s.every_ms, s.offset_ms)::text)
$$;

-- A scheduler as JSON: its columns, `revision`, `repeat` of its next job, and whether that was `started` or is gone.
CREATE FUNCTION {own}.shown(s scheduler) RETURNS text
LANGUAGE sql STABLE
SET search_path FROM CURRENT
AS $$
  SELECT (to_jsonb(s) || jsonb_build_object(
    'revision', {own}.revision(s),
    'repeat', next.opts -> 'repeat',
    'started', next.id IS NULL OR next.processed_at_ms IS NOT NULL OR next.finished_at_ms IS NOT NULL))::text
  FROM (SELECT 1) AS always
  LEFT JOIN job next ON next.queue = s.queue AND next.id = format('repeat:%s:%s', s.scheduler_id, s.next_run_ms)
$$;

-- From here to the end of the transaction nobody else changes or advances the scheduler. Whether it may be changed:
-- null for a revision allows everything, '*' each that is there.
CREATE FUNCTION {own}.hold_scheduler(p_queue text, p_key text, p_revision text) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_revision text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('corral:scheduler:' || p_queue || ':' || p_key));
  SELECT {own}.revision(s) INTO v_revision FROM scheduler s WHERE queue = p_queue AND scheduler_id = p_key FOR UPDATE;
  RETURN p_revision IS NULL OR (FOUND AND p_revision IN ('*', v_revision));
END;
$$;

-- A scheduler's job announces itself as every other job does, and as it does on Redis.
CREATE FUNCTION {own}.announce_scheduled(p_queue text, p_id text) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_name text;
  v_state job_state;
  v_due bigint;
BEGIN
  SELECT name, state, process_at_ms INTO v_name, v_state, v_due FROM job WHERE queue = p_queue AND id = p_id;
  PERFORM publish_event(p_queue, 'added', jsonb_build_object('jobId', p_id, 'name', v_name));
  IF v_state = 'delayed' THEN
    PERFORM publish_event(p_queue, 'delayed', jsonb_build_object('jobId', p_id, 'delay', v_due));
  ELSE
    PERFORM publish_event(p_queue, 'waiting', jsonb_build_object('jobId', p_id));
  END IF;
END;
$$;

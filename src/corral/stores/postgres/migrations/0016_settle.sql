-- Runs end in one of these ways. completed, failed: for good. retried, delayed: a failed attempt, and another will be
-- made now or later. postponed, released: the attempt does not count. awaiting: it goes on after the job's children.

-- The events of an end, as BullMQ's functions write them.
CREATE FUNCTION {own}.events_of(
  p_kind text, p_id text, p_value jsonb, p_reason text, p_made integer, p_due bigint
) RETURNS TABLE (event text, data jsonb)
LANGUAGE sql STABLE
AS $$
  SELECT
    CASE WHEN p_kind IN ('completed', 'failed') THEN p_kind WHEN p_due IS NULL THEN 'waiting' ELSE 'delayed' END,
    CASE
      WHEN p_kind = 'completed' THEN
        jsonb_object(ARRAY['jobId', p_id, 'returnvalue', coalesce(p_value, 'null')::text, 'prev', 'active'])
      WHEN p_kind = 'failed' THEN jsonb_object(ARRAY['jobId', p_id, 'failedReason', p_reason, 'prev', 'active'])
      WHEN p_due IS NULL THEN jsonb_object(ARRAY['jobId', p_id, 'prev', 'active'])
      ELSE jsonb_build_object('jobId', p_id, 'delay', p_due)
    END
  UNION ALL
  SELECT 'retries-exhausted', jsonb_build_object('jobId', p_id, 'attemptsMade', p_made) WHERE p_kind = 'failed'
$$;

-- settle: store how runs ended whose lock is held, and return the places (from 1) of those it was done for. Left out,
-- for BullMQ's functions: the end of jobs with parent, children or deduplication, and whatever has to be refused.
-- A job that is released keeps its place in the queue, as its run never began. Rows are looked up one by one before
-- they are joined, which leaves the planner no choice.
CREATE FUNCTION {own}.settle(
  p_queue text, p_now bigint, p_ids text[], p_tokens text[], p_kinds text[], p_values text[], p_traces text[],
  p_delays bigint[], p_lifos boolean[], p_discards boolean[]
) RETURNS integer[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_flows boolean := EXISTS (SELECT FROM job_dependency WHERE parent_queue = p_queue);
  v_done  integer[];
BEGIN
  WITH settled AS (
    UPDATE job SET
      state = CASE
        WHEN e.kind IN ('completed', 'failed') THEN e.kind WHEN e.delay IS NULL THEN 'waiting' ELSE 'delayed'
      END::job_state,
      return_value = CASE WHEN e.kind = 'completed' THEN e.value::jsonb ELSE return_value END,
      failed_reason = CASE WHEN e.kind IN ('failed', 'retried', 'delayed') THEN e.value ELSE failed_reason END,
      stacktrace = coalesce(e.trace::jsonb, stacktrace),
      deferred_failure = CASE WHEN e.kind <> 'failed' THEN deferred_failure END,
      finished_at_ms = CASE
        WHEN e.kind IN ('completed', 'failed') THEN {own}.since(processed_at_ms, p_now) ELSE finished_at_ms
      END,
      attempts_made = attempts_made + CASE WHEN e.kind IN ('postponed', 'released') THEN 0 ELSE 1 END,
      seq = CASE WHEN e.kind <> 'retried' THEN seq WHEN e.lifo THEN -nextval('job_seq') ELSE nextval('job_seq') END,
      delay_ms = coalesce(e.delay, delay_ms),
      process_at_ms = CASE WHEN e.kind <> 'retried' THEN coalesce(p_now + e.delay, process_at_ms) END,
      lock_token = NULL, locked_until_ms = NULL, stalled_marked = false
    FROM unnest(p_ids, p_tokens, p_kinds, p_values, p_traces, p_delays, p_lifos, p_discards) WITH ORDINALITY
      AS e(key, token, kind, value, trace, delay, lifo, discard, place),
      LATERAL (SELECT ctid FROM job AS j WHERE j.queue = p_queue AND j.id = e.key OFFSET 0) AS found
    WHERE job.ctid = found.ctid AND job.state::text = 'active' AND job.lock_token = e.token
      AND e.kind <> 'awaiting' AND e.discard IS NOT TRUE
      AND (e.kind NOT IN ('completed', 'failed') OR job.parent_id IS NULL AND job.dedup_id IS NULL AND NOT (
        v_flows AND EXISTS (SELECT FROM job_dependency d WHERE d.parent_queue = p_queue AND d.parent_id = e.key)))
    RETURNING e.place, e.kind, e.key, return_value, failed_reason, attempts_made, p_now + e.delay AS due
  ), told AS (
    INSERT INTO event (queue, event, data, created_at_ms)
    SELECT p_queue, t.event, t.data, (SELECT {own}.clock_ms())
    FROM settled AS s, LATERAL {own}.events_of(s.kind, s.key, return_value, failed_reason, attempts_made, due) AS t
  )
  SELECT array_agg(place) INTO v_done FROM settled;
  RETURN coalesce(v_done, '{}');
END;
$$;

-- The same for jobs that are not to be kept when they have ended.
CREATE FUNCTION {own}.discard(
  p_queue text, p_ids text[], p_tokens text[], p_kinds text[], p_values text[], p_discards boolean[]
) RETURNS integer[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_flows boolean := EXISTS (SELECT FROM job_dependency WHERE parent_queue = p_queue);
  v_done  integer[];
BEGIN
  WITH gone AS (
    DELETE FROM job USING unnest(p_ids, p_tokens, p_kinds, p_values, p_discards) WITH ORDINALITY
      AS e(key, token, kind, value, discard, place),
      LATERAL (SELECT ctid FROM job AS j WHERE j.queue = p_queue AND j.id = e.key OFFSET 0) AS found
    WHERE job.ctid = found.ctid AND job.state::text = 'active' AND job.lock_token = e.token
      AND e.discard AND job.parent_id IS NULL AND job.dedup_id IS NULL AND NOT (
        v_flows AND EXISTS (SELECT FROM job_dependency d WHERE d.parent_queue = p_queue AND d.parent_id = e.key))
    RETURNING e.place, e.kind, e.key, e.value, attempts_made + 1 AS made
  ), told AS (
    INSERT INTO event (queue, event, data, created_at_ms)
    SELECT p_queue, t.event, t.data, (SELECT {own}.clock_ms())
    FROM gone AS g, LATERAL {own}.events_of(
      kind, key, CASE WHEN kind = 'completed' THEN value::jsonb END, value, made, NULL) AS t
  )
  SELECT array_agg(place) INTO v_done FROM gone;
  RETURN coalesce(v_done, '{}');
END;
$$;

-- store_ends: what became of jobs whose runs ended, each stored or refused. Answers the places (from 1) of those that
-- were stored, how many events there are now, and the facts of what was refused.
CREATE FUNCTION {own}.store_ends(
  p_queue text, p_now bigint, p_ids text[], p_tokens text[], p_kinds text[], p_values text[], p_traces text[],
  p_delays bigint[], p_lifos boolean[], p_discards boolean[],
  OUT done integer[], OUT events bigint, OUT refused {own}.taken[]
)
LANGUAGE plpgsql
AS $$
DECLARE
  v_code text;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('bullmq:finalization'), hashtext(p_queue));
  BEGIN
    done := {own}.settle(p_queue, p_now, p_ids, p_tokens, p_kinds, p_values, p_traces, p_delays, p_lifos, p_discards);
    IF p_discards IS NOT NULL THEN
      done := done || {own}.discard(p_queue, p_ids, p_tokens, p_kinds, p_values, p_discards);
    END IF;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    done := '{}'; -- one value is not for Postgres; the loop below finds which
  END;
  events := {own}.after_ends(p_queue, done, p_kinds);
  IF cardinality(done) = cardinality(p_ids) THEN
    RETURN;
  END IF;
  FOR i IN 1 .. cardinality(p_ids) LOOP
    CONTINUE WHEN i = ANY (done);
    BEGIN
      PERFORM {own}.finish_one(
        p_queue, p_now, p_ids[i], p_tokens[i], p_kinds[i], p_values[i], p_traces[i], p_delays[i], p_lifos[i],
        coalesce(p_discards[i], false));
      done := done || i;
    EXCEPTION
      WHEN SQLSTATE 'BM001' THEN
        GET STACKED DIAGNOSTICS v_code = PG_EXCEPTION_DETAIL;
        refused := refused || {own}.fact('refused', v_code::bigint, i);
      WHEN data_exception OR program_limit_exceeded THEN
        refused := refused || {own}.fact('refused', NULL, i, SQLERRM);
    END;
  END LOOP;
END;
$$;

-- finish: store how runs ended (p_ids null: none), each or not at all, then claim up to p_count jobs (null: none).
--
-- The ends: `p_ages` (s) and `p_counts` say which older jobs are kept, `p_discards` which are not kept at all; arrays
-- are null where nothing of the kind is asked for. What is refused comes back as a fact; its code is BullMQ's (0: no
-- children to wait for) or, for a value that cannot be stored, null.
-- `p_groups`: those of the jobs, null without one; `p_several`: one lets several run, by what a job of it says.
-- The claim: promote what is due, then move jobs to active, each under a lock of its own, token i being owner:(serial
-- + i): the same moves, under the same locks, as n calls of BullMQ's move_to_active.
-- The counts of the metrics come last, as their row is locked until the commit.
CREATE FUNCTION {own}.finish(
  p_queue text, p_now bigint, p_points integer, p_ids text[], p_tokens text[], p_kinds text[], p_values text[],
  p_traces text[], p_delays bigint[], p_lifos boolean[], p_discards boolean[], p_ages bigint[], p_counts bigint[],
  p_count bigint, p_owner text, p_serial bigint, p_lock_ms bigint, p_max bigint, p_duration bigint, p_name text,
  p_groups text[] DEFAULT NULL, p_several boolean DEFAULT false
) RETURNS SETOF {own}.taken
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_bitmapscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
SET enable_memoize TO off
SET jit TO off
AS $$
DECLARE
  v_ends   record;
  v_due    record;
  v_group  bigint;
  v_room   record;
  v_tids   tid[];
  v_ids    text[];
  v_taken  bigint := 0;
  v_placed bigint;
  v_places text[];
  v_again  bigint;
  v_events bigint := 0;
BEGIN
  IF p_ids IS NOT NULL THEN
    SELECT * INTO v_ends FROM {own}.store_ends(
      p_queue, p_now, p_ids, p_tokens, p_kinds, p_values, p_traces, p_delays, p_lifos, p_discards);
    v_events := v_ends.events;
    IF p_groups IS NOT NULL THEN
      PERFORM {own}.end_in_groups(
        p_queue, p_ids, p_groups, p_several, p_kinds, v_ends.done, p_discards IS NOT NULL);
    END IF;
    RETURN QUERY SELECT * FROM unnest(v_ends.refused);
    IF v_ends.done <> '{}' AND (p_ages IS NOT NULL OR p_counts IS NOT NULL) THEN
      PERFORM {own}.retain_all(p_queue, p_now, p_kinds, p_discards, p_ages, p_counts);
    END IF;
  END IF;

  IF p_count IS NOT NULL THEN
    SELECT * INTO v_due FROM {own}.promote_due(p_queue, p_now);
    v_group := {own}.promote_groups(p_queue, p_now);
    SELECT * INTO v_room FROM {own}.room(p_queue, p_count, p_now, p_max, p_duration);
    IF v_room.room > 0 THEN
      SELECT tids, ids, taken, placed, again INTO v_tids, v_ids, v_taken, v_placed, v_again
      FROM {own}.next_jobs(p_queue, v_room.room, p_now);
    END IF;
    IF v_placed < v_taken AND EXISTS (SELECT FROM {own}.job_group WHERE queue = p_queue) THEN
      v_places := {own}.with_places(p_queue, v_ids);
      IF cardinality(v_places) < v_taken THEN
        v_tids := ARRAY(SELECT tid FROM unnest(v_tids, v_ids) AS n(tid, key) WHERE key = ANY (v_places));
        v_ids := v_places;
        v_taken := cardinality(v_ids);
      END IF;
    END IF;
    v_events := v_events + v_due.promoted + v_taken;
  END IF;

  IF v_taken > 0 THEN
    INSERT INTO event (queue, event, data, created_at_ms)
    SELECT p_queue, 'active', jsonb_object(ARRAY['jobId', picked.key, 'prev', 'waiting']), (SELECT {own}.clock_ms())
    FROM unnest(v_ids) AS picked(key);
    IF v_room.duration IS NOT NULL THEN
      PERFORM {own}.consume(p_queue, v_taken, v_room.duration, p_now);
    END IF;
    RETURN QUERY
    UPDATE job SET
      state = 'active', lock_token = p_owner || ':' || p_serial + picked.place - 1,
      locked_until_ms = p_now + p_lock_ms, processed_at_ms = {own}.since(added_at_ms, p_now), processed_by = p_name,
      attempts_started = attempts_started + 1, stalled_marked = false
    FROM unnest(v_tids) WITH ORDINALITY AS picked(tid, place)
    WHERE job.ctid = picked.tid
    RETURNING {job}, NULL::text, picked.place - 1, NULL::integer, NULL::text;
  END IF;
  IF v_taken < p_count THEN
    RETURN NEXT {own}.fact('due', least(v_due.next, v_group, v_again));
    IF v_room.bound IS NOT NULL AND v_taken = v_room.room THEN
      RETURN NEXT {own}.bound_fact(p_queue, v_room.bound, p_now);
    END IF;
  END IF;
  IF v_events > 0 THEN
    PERFORM {own}.announce(p_queue, v_events);
  END IF;
  IF p_points > 0 AND p_ids IS NOT NULL THEN
    PERFORM {own}.count_ended(p_queue, p_points, p_now, p_kinds, v_ends.done);
  END IF;
END;
$$;

-- The next jobs to claim, locked. What was claimed since the last vacuum stands at the old end of the index and has to
-- be stepped over, up to a million entries of a busy minute. Where that takes long, the session remembers how far it
-- came and begins there, for as long as keeps such looks at everything below a twentieth of the time. Until the next
-- one, jobs that came in before that point (of an add that was committed late, lifo, released) have to wait: `again`
-- (ms) says when to ask for them. `placed`: how many have a place of their group for certain.
CREATE FUNCTION {own}.next_jobs(
  p_queue text, p_room bigint, p_now bigint, OUT tids tid[], OUT ids text[], OUT taken bigint, OUT placed bigint,
  OUT again bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
  v_name  text := 'corral.at_' || md5(current_schema() || p_queue);
  v_mark  text := nullif(current_setting(v_name, true), '');
  v_from  bigint := split_part(v_mark, ' ', 1)::bigint;
  v_until bigint := split_part(v_mark, ' ', 2)::bigint;
  v_begun bigint := {own}.clock_ms();
  v_took  bigint;
  v_last  bigint;
BEGIN
  IF v_begun < v_until THEN
    SELECT array_agg(ctid), array_agg(id), count(*), count(*) FILTER (WHERE locked_until_ms = 0),
      max(seq) FILTER (WHERE priority = 0)
    INTO tids, ids, taken, placed, v_last FROM (
      SELECT ctid, id, locked_until_ms, priority, seq FROM job
      WHERE queue = p_queue AND state = 'waiting' AND (priority, seq) > (0, v_from)
      ORDER BY priority, seq LIMIT p_room FOR UPDATE SKIP LOCKED
    ) AS next;
    IF taken < p_room THEN
      again := p_now + v_until - v_begun;
    END IF;
  ELSE
    SELECT array_agg(ctid), array_agg(id), count(*), count(*) FILTER (WHERE locked_until_ms = 0),
      max(seq) FILTER (WHERE priority = 0)
    INTO tids, ids, taken, placed, v_last FROM (
      SELECT ctid, id, locked_until_ms, priority, seq FROM job WHERE queue = p_queue AND state = 'waiting'
      ORDER BY priority, seq LIMIT p_room FOR UPDATE SKIP LOCKED
    ) AS next;
    v_took := {own}.clock_ms() - v_begun;
    IF v_took > 0 AND pg_relation_size('job_ready_idx') > 2000000 THEN
      v_until := v_begun + 20 * v_took;
    ELSIF v_mark IS NULL THEN
      RETURN;
    END IF;
  END IF;
  IF v_last > v_from OR v_until > v_begun THEN
    PERFORM set_config(v_name, coalesce(greatest(v_last, v_from), 0) || ' ' || v_until, false);
  END IF;
END;
$$;

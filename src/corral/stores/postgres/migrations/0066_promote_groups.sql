-- promote: jobs of groups that are due take their turn. Answers when the next one is due, or null. Groups that
-- somebody changes just now are left for the next time.
CREATE FUNCTION {own}.promote_groups(p_queue text, p_now bigint, p_most integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET jit TO off
AS $$
DECLARE
  v_next  bigint;
  v_ids   text[];
  v_free  text[];
  v_moved text[];
BEGIN
  SELECT due_ms INTO v_next FROM {own}.group_job
  WHERE queue = p_queue AND due_ms IS NOT NULL ORDER BY due_ms LIMIT 1;
  IF v_next IS NULL OR v_next > p_now THEN
    RETURN v_next;
  END IF;
  SELECT array_agg(job_id ORDER BY due_ms, length(job_id), job_id) INTO v_ids FROM (
    SELECT job_id, due_ms FROM {own}.group_job
    WHERE queue = p_queue AND due_ms IS NOT NULL AND due_ms <= p_now ORDER BY due_ms LIMIT p_most
  ) AS due;
  v_free := ARRAY(
    SELECT id FROM {own}.job_group WHERE queue = p_queue AND id = ANY ({own}.groups_of(p_queue, v_ids))
    ORDER BY id FOR UPDATE SKIP LOCKED
  );
  v_ids := ARRAY(
    SELECT key FROM unnest(v_ids) WITH ORDINALITY AS n(key, place)
    WHERE (SELECT group_id FROM {own}.group_job WHERE queue = p_queue AND job_id = key AND due_ms <= p_now) = ANY (v_free)
    ORDER BY place
  );
  IF v_ids <> '{}' THEN
    v_moved := {own}.make_ready(p_queue, v_ids);
    INSERT INTO event (queue, event, data, created_at_ms)
    SELECT p_queue, 'waiting', jsonb_object(ARRAY['jobId', key, 'prev', 'delayed']), (SELECT {own}.clock_ms())
    FROM unnest(v_ids) AS m(key) WHERE key = ANY (v_moved);
    IF FOUND THEN
      PERFORM {own}.announce(p_queue, cardinality(v_moved));
    END IF;
    PERFORM {own}.enter_groups(p_queue, v_ids, {own}.groups_of(p_queue, v_ids));
  END IF;
  RETURN (
    SELECT due_ms FROM {own}.group_job WHERE queue = p_queue AND due_ms IS NOT NULL ORDER BY due_ms LIMIT 1
  );
END;
$$;

-- Of the jobs that a claim has picked, those that have a group but no place of it take their turn; who may run.
CREATE FUNCTION {own}.with_places(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_held text[] := ARRAY(
    SELECT job_id FROM {own}.group_job AS m WHERE queue = p_queue AND job_id = ANY (p_ids)
      AND (held OR job_id = (SELECT holder FROM {own}.job_group WHERE queue = p_queue AND id = m.group_id)));
  v_away text[];
BEGIN
  IF cardinality(v_held) = cardinality(p_ids) THEN
    RETURN p_ids;
  END IF;
  v_away := ARRAY(
    SELECT id FROM job WHERE queue = p_queue AND id = ANY (p_ids) AND id <> ALL (v_held)
      AND opts ? 'group' AND {own}.group_of(opts) IS NOT NULL);
  IF v_away <> '{}' THEN
    PERFORM {own}.again_in_groups(p_queue, v_away);
  END IF;
  RETURN ARRAY(SELECT key FROM unnest(p_ids) AS n(key) WHERE key <> ALL (v_away));
END;
$$;

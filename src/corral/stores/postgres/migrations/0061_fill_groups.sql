-- Locks groups and gives their free places to the first in line; how many. `p_freed`: for each place that was given back
-- and is not counted as free yet, its group. Jobs that a foreign program has removed are counted no more.
CREATE FUNCTION {own}.fill_groups(p_queue text, p_groups text[], p_freed text[] DEFAULT '{}') RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_ids    text[];
  v_room   bigint[];
  v_full   boolean;
  v_each   integer;
  v_freed  jsonb;
  v_next   text[];
  v_of     text[];
  v_moved  text[];
  v_total  integer := 0;
BEGIN
  LOOP
    SELECT array_agg(id), array_agg(places - held), bool_and(held >= places) INTO v_ids, v_room, v_full FROM (
      SELECT id, places, held FROM {own}.job_group
      WHERE queue = p_queue AND id = ANY (p_groups) ORDER BY id FOR UPDATE) AS locked;
    v_each := 0;
    IF p_groups = p_freed AND cardinality(v_ids) = cardinality(p_freed) THEN -- as nearly always
      v_each := 1;
    ELSE
      SELECT jsonb_object_agg(id, count) INTO v_freed FROM (
        SELECT id, count(*) AS count FROM unnest(p_freed) AS f(id) GROUP BY id) AS counted;
      v_room := ARRAY(
        SELECT room + coalesce((v_freed ->> id)::bigint, 0) FROM unnest(v_ids, v_room) AS n(id, room));
    END IF;
    SELECT array_agg(n.job_id ORDER BY n.turn), array_agg(g.id ORDER BY n.turn) INTO v_next, v_of
    FROM unnest(v_ids, v_room) AS g(id, room), LATERAL (
      SELECT job_id, turn FROM {own}.group_job AS m
      WHERE m.queue = p_queue AND m.group_id = g.id AND m.turn IS NOT NULL AND NOT m.held
      ORDER BY m.queue, m.group_id, m.turn
      LIMIT greatest(0, g.room + v_each)
    ) AS n;
    IF v_next IS NULL THEN
      PERFORM {own}.count_held(p_queue, '{}', p_freed);
      EXIT;
    END IF;

    v_moved := {own}.make_ready(p_queue, v_next);
    UPDATE {own}.group_job SET held = true WHERE queue = p_queue AND job_id = ANY (v_moved);
    v_total := v_total + cardinality(v_moved);
    IF cardinality(v_moved) = cardinality(v_next) THEN
      IF (v_full AND cardinality(v_next) = cardinality(p_freed)) IS NOT TRUE THEN -- or else places only changed hands
        PERFORM {own}.count_held(p_queue, v_of, p_freed);
      END IF;
      EXIT;
    END IF;
    PERFORM {own}.count_held(
      p_queue, ARRAY(SELECT id FROM unnest(v_next, v_of) AS n(key, id) WHERE key = ANY (v_moved)), p_freed);
    p_freed := '{}';
    PERFORM {own}.drop_members(p_queue, ARRAY(SELECT key FROM unnest(v_next) AS n(key) WHERE key <> ALL (v_moved)));
  END LOOP;
  RETURN v_total;
END;
$$;

-- Counts jobs of locked groups no more; returns the groups that are gone with their last one.
CREATE FUNCTION {own}.drop_members(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_groups text[];
  v_held   text[];
  v_counts jsonb;
  v_gone   text[];
BEGIN
  WITH gone AS (
    DELETE FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids) RETURNING group_id, held
  )
  SELECT array_agg(group_id), array_agg(group_id) FILTER (WHERE held) INTO v_groups, v_held FROM gone;
  IF v_groups IS NULL THEN
    RETURN '{}';
  END IF;
  PERFORM {own}.count_held(p_queue, '{}', v_held);
  SELECT jsonb_object_agg(id, count) INTO v_counts FROM (
    SELECT id, count(*) AS count FROM unnest(v_groups) AS g(id) GROUP BY id) AS counted;
  UPDATE {own}.job_group SET jobs = jobs - (v_counts ->> id)::bigint WHERE queue = p_queue AND id = ANY (v_groups);
  WITH gone AS (
    DELETE FROM {own}.job_group WHERE queue = p_queue AND id = ANY (v_groups) AND jobs <= 0 RETURNING id
  )
  SELECT array_agg(id) INTO v_gone FROM gone;
  RETURN coalesce(v_gone, '{}');
END;
$$;

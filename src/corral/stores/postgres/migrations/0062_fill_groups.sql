-- Gives the free places of locked groups to the first in line; how many. Jobs that a foreign program has removed are
-- counted no more.
CREATE FUNCTION {own}.fill_groups(p_queue text, p_groups text[]) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_next  text[];
  v_of    text[];
  v_turns bigint[];
  v_moved text[];
  v_total integer := 0;
BEGIN
  LOOP
    SELECT array_agg(n.job_id ORDER BY n.turn), array_agg(g.id ORDER BY n.turn), array_agg(n.turn ORDER BY n.turn)
    INTO v_next, v_of, v_turns
    FROM unnest(p_groups) AS wanted(name), LATERAL (
      SELECT id, no, places - held AS room, called FROM {own}.job_group
      WHERE queue = p_queue AND id = wanted.name OFFSET 0
    ) AS g, LATERAL (
      SELECT job_id, turn FROM {own}.group_job AS m
      WHERE m.group_no = g.no AND m.turn > g.called
      ORDER BY m.group_no, m.turn
      LIMIT greatest(0, g.room)
    ) AS n;
    EXIT WHEN v_next IS NULL;

    v_moved := {own}.make_ready(p_queue, v_next);
    v_total := v_total + cardinality(v_moved);
    PERFORM {own}.take_places(p_queue, v_next, v_of, v_turns);
    EXIT WHEN cardinality(v_moved) = cardinality(v_next);
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
  v_gone text[];
BEGIN
  PERFORM {own}.give_places_back(p_queue, p_ids);
  WITH gone AS (
    DELETE FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids) RETURNING group_id
  ), changed AS (
    UPDATE {own}.job_group AS g SET jobs = jobs - dropped.count
    FROM (SELECT group_id, count(*) AS count FROM gone GROUP BY group_id) AS dropped, LATERAL (
      SELECT ctid FROM {own}.job_group WHERE queue = p_queue AND id = dropped.group_id OFFSET 0
    ) AS found
    WHERE g.ctid = found.ctid
    RETURNING g.id, g.jobs
  )
  SELECT array_agg(id) INTO v_gone FROM changed WHERE jobs <= 0;
  DELETE FROM {own}.job_group WHERE queue = p_queue AND id = ANY (v_gone);
  RETURN coalesce(v_gone, '{}');
END;
$$;

-- The same for those among them that are deleted.
CREATE FUNCTION {own}.drop_deleted(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
  SELECT {own}.drop_members(p_queue, ARRAY(
    SELECT key FROM unnest(p_ids) AS n(key) WHERE (SELECT id FROM job WHERE queue = p_queue AND id = key) IS NULL))
$$;

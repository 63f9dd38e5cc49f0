-- Locks groups in order, so that no two wait for each other.
CREATE FUNCTION {own}.lock_groups(p_queue text, p_groups text[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM {own}.job_group WHERE queue = p_queue AND id = ANY (p_groups) ORDER BY id FOR UPDATE;
END;
$$;

-- The statements below look rows up one by one by their keys: whatever the statistics say, or fail to say, there is no
-- other way to run them than by the index.

-- Jobs take free places of their locked groups, each group's in the order of their turns.
CREATE FUNCTION {own}.take_places(p_queue text, p_ids text[], p_groups text[], p_turns bigint[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_several text[];
BEGIN
  WITH changed AS (
    UPDATE {own}.job_group AS g SET
      held = held + taken.count, called = taken.turn, holder = CASE WHEN places = 1 THEN taken.key ELSE holder END
    FROM (
      SELECT name, count(*) AS count, max(turn) AS turn, min(key) AS key
      FROM unnest(p_ids, p_groups, p_turns) AS n(key, name, turn) GROUP BY name
    ) AS taken, LATERAL (
      SELECT ctid FROM {own}.job_group WHERE queue = p_queue AND id = taken.name OFFSET 0
    ) AS found
    WHERE g.ctid = found.ctid
    RETURNING g.id, g.places
  )
  SELECT array_agg(id) INTO v_several FROM changed WHERE places > 1;
  IF v_several IS NOT NULL THEN
    UPDATE {own}.group_job SET held = true WHERE queue = p_queue AND job_id = ANY (
      ARRAY(SELECT key FROM unnest(p_ids, p_groups) AS n(key, name) WHERE name = ANY (v_several)));
  END IF;
END;
$$;

-- Of these jobs of locked groups, those that hold places hold them no more.
CREATE FUNCTION {own}.give_places_back(p_queue text, p_ids text[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  WITH freed AS (
    UPDATE {own}.group_job AS m SET held = false, turn = NULL
    WHERE queue = p_queue AND job_id = ANY (p_ids)
      AND (held OR job_id = (SELECT holder FROM {own}.job_group WHERE queue = p_queue AND id = m.group_id))
    RETURNING group_id
  )
  UPDATE {own}.job_group AS g SET
    held = held - freed.count, holder = CASE WHEN holder = ANY (p_ids) THEN NULL ELSE holder END
  FROM (SELECT group_id, count(*) AS count FROM freed GROUP BY group_id) AS freed, LATERAL (
    SELECT ctid FROM {own}.job_group WHERE queue = p_queue AND id = freed.group_id OFFSET 0
  ) AS found
  WHERE g.ctid = found.ctid;
END;
$$;

-- What there is for jobs that are to take places of their locked groups in this order, and null for those without a
-- group: which find none left, or others in line, and have to be parked; and the numbers of the groups.
CREATE FUNCTION {own}.find_places(p_queue text, p_groups text[], OUT parked boolean[], OUT numbers bigint[])
LANGUAGE plpgsql
AS $$
DECLARE
  v_room    jsonb;
  v_numbers jsonb;
BEGIN
  SELECT jsonb_object_agg(id, no), jsonb_object_agg(id, CASE WHEN held >= places OR (
    SELECT turn FROM {own}.group_job WHERE group_no = no AND turn > called ORDER BY group_no, turn LIMIT 1
  ) IS NOT NULL THEN 0 ELSE places - held END)
  INTO v_numbers, v_room FROM {own}.job_group WHERE queue = p_queue AND id = ANY (p_groups);
  SELECT array_agg(rank > (v_room ->> name)::bigint ORDER BY at), array_agg((v_numbers ->> name)::bigint ORDER BY at)
  INTO parked, numbers FROM (
    SELECT name, at, row_number() OVER (PARTITION BY name ORDER BY at) AS rank
    FROM unnest(p_groups) WITH ORDINALITY AS n(name, at)
  ) AS ranked;
END;
$$;

-- Moves parked jobs to where workers find them, in order; which there were. A lock until 0 tells a claim that who waits
-- has its place, which no program of BullMQ writes: all forget the lock of a job that they make wait.
CREATE FUNCTION {own}.make_ready(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
AS $$
DECLARE
  v_seqs  jsonb := jsonb_object(p_ids, ARRAY(SELECT nextval('job_seq')::text FROM unnest(p_ids)));
  v_moved text[];
BEGIN
  WITH moved AS (
    UPDATE job SET
      state = 'waiting', seq = (v_seqs ->> id)::bigint, delay_ms = 0, process_at_ms = NULL, locked_until_ms = 0
    WHERE queue = p_queue AND id = ANY (p_ids) AND state::text = 'waiting-children'
    RETURNING id
  )
  SELECT coalesce(array_agg(id), '{}') INTO v_moved FROM moved;
  IF v_moved <> '{}' THEN
    PERFORM pg_notify('bullmq_jobs', p_queue);
  END IF;
  RETURN v_moved;
END;
$$;

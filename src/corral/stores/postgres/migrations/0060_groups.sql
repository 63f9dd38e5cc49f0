-- Groups of jobs. A job that has no place of its group is parked in waiting-children, without children: no program of
-- BullMQ takes it. Who changes a group locks its row first; who changes several, in the order of their ids.
CREATE TABLE {own}.job_group (
  queue text NOT NULL,
  id text NOT NULL,
  places integer NOT NULL,
  jobs bigint NOT NULL, -- that are not deleted
  held bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, id)
);

-- Every job of a group that is not deleted. It holds a place, or has its turn in the line, or is due later (ms), or has
-- ended and is nothing of these.
CREATE TABLE {own}.group_job (
  queue text NOT NULL,
  job_id text NOT NULL,
  group_id text NOT NULL,
  held boolean NOT NULL DEFAULT false,
  turn bigint,
  due_ms bigint,
  PRIMARY KEY (queue, job_id)
);
CREATE INDEX group_job_line_idx ON {own}.group_job (queue, group_id, turn) WHERE turn IS NOT NULL;
CREATE INDEX group_job_due_idx ON {own}.group_job (queue, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX group_job_held_idx ON {own}.group_job (queue, job_id) WHERE held;

-- How far the last sweep of a queue got.
CREATE TABLE {own}.group_sweep (
  queue text PRIMARY KEY,
  job_id text NOT NULL
);

-- What the options of a job say of its group.
CREATE FUNCTION {own}.group_of(p_opts jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
  SELECT CASE WHEN jsonb_typeof(p_opts #> '{group,id}') = 'string' THEN nullif(p_opts #>> '{group,id}', '') END
$$;

CREATE FUNCTION {own}.places_of(p_opts jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$
  SELECT CASE WHEN jsonb_typeof(p_opts #> '{group,limit}') = 'number'
    THEN greatest(1, least(1000000000, floor((p_opts #>> '{group,limit}')::numeric)))::integer ELSE 1 END
$$;

-- Locks groups in order, so that no two wait for each other.
CREATE FUNCTION {own}.lock_groups(p_queue text, p_groups text[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM {own}.job_group WHERE queue = p_queue AND id = ANY (p_groups) ORDER BY id FOR UPDATE;
END;
$$;

-- Gives free places of locked groups to the first in line; how many. Jobs that a foreign program has removed are
-- counted no more.
CREATE FUNCTION {own}.fill_groups(p_queue text, p_groups text[]) RETURNS integer
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
  v_next   text[];
  v_of     text[];
  v_moved  text[];
  v_total  integer := 0;
BEGIN
  LOOP
    SELECT array_agg(n.job_id ORDER BY n.turn), array_agg(g.id ORDER BY n.turn) INTO v_next, v_of
    FROM {own}.job_group AS g, LATERAL (
      SELECT job_id, turn FROM {own}.group_job AS m
      WHERE m.queue = p_queue AND m.group_id = g.id AND m.turn IS NOT NULL
      ORDER BY m.turn LIMIT g.places - g.held
    ) AS n
    WHERE g.queue = p_queue AND g.id = ANY (p_groups) AND g.places > g.held;
    EXIT WHEN v_next IS NULL;

    WITH turns AS MATERIALIZED (
      SELECT key, nextval('job_seq') AS turn FROM unnest(v_next) WITH ORDINALITY AS n(key, place) ORDER BY place
    ), moved AS (
      UPDATE job SET state = 'waiting', seq = turns.turn, delay_ms = 0, process_at_ms = NULL FROM turns
      WHERE job.queue = p_queue AND job.id = turns.key AND job.state = 'waiting-children' RETURNING job.id
    )
    SELECT coalesce(array_agg(id), '{}') INTO v_moved FROM moved;
    UPDATE {own}.group_job SET held = true, turn = NULL WHERE queue = p_queue AND job_id = ANY (v_moved);
    UPDATE {own}.job_group AS g SET held = g.held + n.count FROM (
      SELECT id, count(*) FROM unnest(v_next, v_of) AS n(key, id) WHERE key = ANY (v_moved) GROUP BY id
    ) AS n WHERE g.queue = p_queue AND g.id = n.id;
    INSERT INTO event (queue, event, data, created_at_ms)
    SELECT p_queue, 'waiting', jsonb_object(ARRAY['jobId', key, 'prev', 'waiting-children']), (SELECT {own}.clock_ms())
    FROM unnest(v_moved) AS m(key);
    v_total := v_total + cardinality(v_moved);
    EXIT WHEN cardinality(v_moved) = cardinality(v_next);
    PERFORM {own}.drop_members(p_queue, ARRAY(SELECT key FROM unnest(v_next) AS n(key) WHERE key <> ALL (v_moved)));
  END LOOP;
  IF v_total > 0 THEN
    PERFORM pg_notify('bullmq_jobs', p_queue);
    PERFORM {own}.announce(p_queue, v_total);
  END IF;
  RETURN v_total;
END;
$$;

-- Counts jobs of locked groups no more; returns the groups that are gone with their last one.
CREATE FUNCTION {own}.drop_members(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_groups text[];
  v_gone   text[];
BEGIN
  WITH gone AS (
    DELETE FROM {own}.group_job WHERE queue = p_queue AND job_id = ANY (p_ids) RETURNING group_id, held
  ), counted AS (
    UPDATE {own}.job_group AS g SET jobs = g.jobs - n.jobs, held = g.held - n.held
    FROM (SELECT group_id, count(*) AS jobs, count(*) FILTER (WHERE held) AS held FROM gone GROUP BY group_id) AS n
    WHERE g.queue = p_queue AND g.id = n.group_id RETURNING g.id
  )
  SELECT array_agg(id) INTO v_groups FROM counted;
  WITH gone AS (
    DELETE FROM {own}.job_group WHERE queue = p_queue AND id = ANY (v_groups) AND jobs <= 0 RETURNING id
  )
  SELECT array_agg(id) INTO v_gone FROM gone;
  RETURN coalesce(v_gone, '{}');
END;
$$;

-- Groups of jobs. A job that has no place of its group is parked in waiting-children, without children: no program of
-- BullMQ takes it. It is told as waiting once, when it goes into its line. Who changes a group locks its row first; who
-- changes several, in the order of their ids.
CREATE TABLE {own}.job_group (
  queue text NOT NULL,
  id text NOT NULL,
  places integer NOT NULL,
  jobs bigint NOT NULL, -- that are not deleted
  held bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, id)
) WITH (fillfactor = 50); -- its rows change often, and none of what changes is in an index

-- Every job of a group that is not deleted. It has a turn, and holds a place or stands in line; or is due later (ms); or
-- has ended and has nothing of these. Who holds a place came before all that stand in line. No index knows of `held`, so
-- that to take a place is cheap.
CREATE TABLE {own}.group_job (
  queue text NOT NULL,
  job_id text NOT NULL,
  group_id text NOT NULL,
  held boolean NOT NULL DEFAULT false,
  turn bigint,
  due_ms bigint,
  PRIMARY KEY (queue, job_id)
) WITH (fillfactor = 60);
CREATE INDEX group_job_line_idx ON {own}.group_job (queue, group_id, turn) WHERE turn IS NOT NULL;
CREATE INDEX group_job_due_idx ON {own}.group_job (queue, due_ms) WHERE due_ms IS NOT NULL;

-- How far the last sweep of a queue got.
CREATE TABLE {own}.group_sweep (
  queue text PRIMARY KEY,
  job_id text NOT NULL,
  group_id text NOT NULL
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

-- The statements below look rows up by arrays of keys, and take what goes with each key from a map (JSON): whatever the
-- statistics say, or fail to say, there is no other way to run them than by the index.

-- Counts the places that jobs of locked groups took and gave back: for each job its group. A group whose places only
-- changed hands is not written.
CREATE FUNCTION {own}.count_held(p_queue text, p_taken text[], p_freed text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_changes jsonb;
BEGIN
  SELECT jsonb_object_agg(id, change) INTO v_changes FROM (
    SELECT id, sum(change) AS change
    FROM (SELECT id, 1 AS change FROM unnest(p_taken) AS t(id) UNION ALL SELECT id, -1 FROM unnest(p_freed) AS f(id)) AS n
    GROUP BY id HAVING sum(change) <> 0
  ) AS summed;
  IF v_changes IS NOT NULL THEN
    UPDATE {own}.job_group SET held = greatest(0, held + (v_changes ->> id)::bigint)
    WHERE queue = p_queue AND id = ANY (ARRAY(SELECT jsonb_object_keys(v_changes)));
  END IF;
END;
$$;

-- Which of the jobs, that are to take a place of their locked groups in this order, find none left.
CREATE FUNCTION {own}.without_place(p_queue text, p_groups text[]) RETURNS boolean[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_room jsonb;
BEGIN
  SELECT jsonb_object_agg(id, places - held) INTO v_room
  FROM {own}.job_group WHERE queue = p_queue AND id = ANY (p_groups);
  RETURN ARRAY(
    SELECT coalesce(rank > (v_room ->> name)::bigint, false) FROM (
      SELECT name, place, row_number() OVER (PARTITION BY name ORDER BY place) AS rank
      FROM unnest(p_groups) WITH ORDINALITY AS n(name, place)
    ) AS ranked ORDER BY place);
END;
$$;

-- Moves parked jobs to where workers find them, in order; which there were.
CREATE FUNCTION {own}.make_ready(p_queue text, p_ids text[]) RETURNS text[]
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan TO off
SET enable_hashjoin TO off
SET enable_mergejoin TO off
AS $$
DECLARE
  v_moved text[];
BEGIN
  WITH moved AS (
    UPDATE job SET state = 'waiting', seq = nextval('job_seq'), delay_ms = 0, process_at_ms = NULL
    FROM unnest(p_ids) AS n(key),
      LATERAL (SELECT ctid FROM job AS j WHERE j.queue = p_queue AND j.id = n.key OFFSET 0) AS found
    WHERE job.ctid = found.ctid AND job.state::text = 'waiting-children'
    RETURNING key
  )
  SELECT coalesce(array_agg(key), '{}') INTO v_moved FROM moved;
  IF v_moved <> '{}' THEN
    PERFORM pg_notify('bullmq_jobs', p_queue);
  END IF;
  RETURN v_moved;
END;
$$;

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

-- The statements below look rows up by arrays of keys, and take what goes with each key from a map (JSON): whatever the
-- statistics say, or fail to say, there is no other way to run them than by the index.

-- How often each of the texts comes, as a map.
CREATE FUNCTION {own}.counts_of(p_texts text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
  SELECT coalesce(jsonb_object_agg(one, count), '{}') FROM (
    SELECT one, count(*) AS count FROM unnest(p_texts) AS t(one) GROUP BY one) AS counted
$$;

-- The next numbers of BullMQ's order for the texts, as a map.
CREATE FUNCTION {own}.turns_of(p_texts text[]) RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path FROM CURRENT
AS $$
  SELECT coalesce(jsonb_object_agg(one, turn), '{}') FROM (
    SELECT one, nextval('job_seq') AS turn FROM unnest(p_texts) WITH ORDINALITY AS t(one, place) ORDER BY place) AS given
$$;

-- Changes how many jobs of groups hold a place.
CREATE FUNCTION {own}.count_held(p_queue text, p_groups text[], p_sign integer) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_counts jsonb := {own}.counts_of(p_groups);
BEGIN
  UPDATE {own}.job_group SET held = greatest(0, held + p_sign * (v_counts ->> id)::bigint)
  WHERE queue = p_queue AND id = ANY (p_groups);
END;
$$;
